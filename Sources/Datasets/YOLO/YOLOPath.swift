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
  func found(in directories: [String]) -> Finding? {
    if text.hasPrefix("/") {
      if Self.exists(text) { return Finding(path: text, isElsewhere: false) }
    } else {
      let short = withoutParents
      let inside = short == text ? nil : directories.lazy.map { Self.join($0, short) }.first(where: Self.exists)
      if let path = directories.lazy.map({ Self.join($0, text) }).first(where: Self.exists) {
        let isRival = inside.map { RootNames.canonical($0) != RootNames.canonical(path) } ?? false
        return Finding(path: path, isElsewhere: false, rival: isRival ? inside : nil)
      }
      if let inside { return Finding(path: inside, isElsewhere: false) }
    }
    let parts = text.split(separator: "/").filter { $0 != "." && $0 != ".." }
    for start in parts.indices.dropFirst(text.hasPrefix("/") ? 0 : 1) {
      let rest = parts[start...].joined(separator: "/")
      if let path = directories.lazy.map({ Self.join($0, rest) }).first(where: Self.exists) {
        return Finding(path: path, isElsewhere: true)
      }
    }
    return nil
  }

  private var withoutParents: String {
    var rest = text[...]
    while rest.hasPrefix("../") || rest.hasPrefix("./") { rest = rest[rest.index(after: rest.firstIndex(of: "/")!)...] }
    return String(rest)
  }

  /// The path of a file in a directory, without `./`.
  static func join(_ directory: String, _ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    if parts.isEmpty { return directory }
    return directory.hasSuffix("/") ? directory + parts : "\(directory)/\(parts)"
  }

  private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
