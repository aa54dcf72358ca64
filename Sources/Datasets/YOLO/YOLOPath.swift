import Foundation

/// A path as a description or list of images has it, which may be that of another directory or machine.
struct YOLOPath {
  /// What was found.
  struct Finding {
    let path: String
    /// Whether leading directories of the path had to be left out.
    let isElsewhere: Bool
    /// What the path means as well, without `../` in front.
    var rival: String?
  }

  private let text: String

  init(_ text: String) { self.text = text.replacing("\\", with: "/") }

  /// The file or directory: as written, from each directory in turn; then without `../` in front, as Roboflow writes; then
  /// without one leading directory after the other.
  ///
  /// - Parameter files: what is known of directories from other paths.
  func found(in directories: [String], _ files: inout ExistingFiles) -> Finding? {
    func first(_ name: String) -> String? {
      directories.lazy.map { Self.join($0, name) }.first { files.contains($0) }
    }
    if text.hasPrefix("/") {
      if files.contains(text) { return Finding(path: text, isElsewhere: false) }
    } else {
      let short = withoutParents
      let inside = short == text ? nil : first(short)
      if let path = first(text) {
        let isRival = inside.map { $0 != path && RootNames.canonical($0) != RootNames.canonical(path) } ?? false
        return Finding(path: path, isElsewhere: false, rival: isRival ? inside : nil)
      }
      if let inside { return Finding(path: inside, isElsewhere: false) }
    }
    let parts = text.split(separator: "/").filter { $0 != "." && $0 != ".." }
    for start in parts.indices.dropFirst(text.hasPrefix("/") ? 0 : 1) {
      if let path = first(parts[start...].joined(separator: "/")) { return Finding(path: path, isElsewhere: true) }
    }
    return nil
  }

  private var withoutParents: String {
    var rest = text[...]
    while rest.hasPrefix("../") || rest.hasPrefix("./") { rest = rest[rest.index(after: rest.firstIndex(of: "/")!)...] }
    return String(rest)
  }

  /// The same for a single path.
  func found(in directories: [String]) -> Finding? {
    var files = ExistingFiles()
    return found(in: directories, &files)
  }

  /// The path of a file in a directory, without `./`.
  static func join(_ directory: String, _ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    if parts.isEmpty { return directory }
    return directory.hasSuffix("/") ? directory + parts : "\(directory)/\(parts)"
  }
}
