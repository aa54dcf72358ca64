import Foundation

/// What a directory holds, for messages.
struct DirectoryContent {
  /// Names in order.
  let directories: [String]
  let files: [String]

  init?(_ path: String) {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path).sorted() else { return nil }
    // A directory of images has no directories as a rule, and looking at each file takes long.
    let isMaybeDirectory = { (name: String) in FileIndex.extension(of: name).isEmpty || names.count < 1000 }
    let directories = names.filter { isMaybeDirectory($0) && FileManager.default.isDirectory("\(path)/\($0)") }
    let known = Set(directories)
    (self.directories, files) = (directories, names.filter { !known.contains($0) })
  }

  /// What is at a path, as "found in data: images/, labels.json".
  static func found(at path: String) -> String {
    guard FileManager.default.fileExists(atPath: path) else { return "found no directory \(path)" }
    guard let content = DirectoryContent(path) else { return "found \(path), which is no directory that can be read" }
    let entries = content.directories.map { $0 + "/" } + content.files
    if entries.isEmpty { return "found an empty directory \(path)" }
    let rest = entries.count > 8 ? " and \(entries.count - 8) more" : ""
    return "found in \(path): \(entries.prefix(8).joined(separator: ", "))\(rest)"
  }
}
