import Foundation
import Images

/// The files below a directory, by their paths from there, in no order that the file system decides.
struct FileTree {
  /// Paths of files, ascending.
  let files: [String]

  /// Lists a directory and those below, links to directories included; hidden files and directories are passed over.
  ///
  /// - Throws: `DatasetError` for a directory that cannot be read.
  init(_ root: String) throws(DatasetError) {
    var files: [String] = []
    do {
      try Self.list(root, "", inside: [], &files)
    } catch {
      throw DatasetError(file: root, reason: "cannot be read: \(fileSystemReason(of: error))")
    }
    self.files = files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func list(
    _ directory: String, _ prefix: String, inside ancestors: [String], _ files: inout [String]
  ) throws {
    // A link may lead to a directory above it.
    let place = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path
    if ancestors.contains(place) { return }
    for name in try FileManager.default.contentsOfDirectory(atPath: directory) where !name.hasPrefix(".") {
      let path = "\(directory)/\(name)"
      var isDirectory: ObjCBool = false
      // A link to nothing is no file.
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { continue }
      if isDirectory.boolValue {
        try list(path, "\(prefix)\(name)/", inside: ancestors + [place], &files)
      } else {
        files.append(prefix + name)
      }
    }
  }
}
