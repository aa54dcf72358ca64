import Foundation

/// Finds files below a directory by their name without extension, whatever the letter case of the extension.
///
/// A directory is listed when a file in it is first asked for. Names that differ in letter case alone stand in for one
/// another when the exact one is not there.
package struct FileIndex {
  /// The directory.
  package let directory: String
  /// Extensions that count, in lower case, the preferred ones first.
  package let extensions: [String]
  /// Names of the files of a directory below by their stem in lower case.
  private var listings: [String: [String: [String]]] = [:]

  package init(directory: String, extensions: [String]) {
    (self.directory, self.extensions) = (directory, extensions)
  }

  /// Whether the directory is there.
  package var exists: Bool { FileManager.default.isDirectory(directory) }

  /// Paths below the directory of the files with this name and one of the extensions, the preferred one first.
  ///
  /// - Parameter name: without extension, perhaps with directories: `street/000001`.
  package mutating func files(named name: String) -> [String] {
    all(named: name).filter { extensions.contains(Self.extension(of: $0)) }
  }

  /// Paths below the directory of the files with this name and another extension.
  package mutating func others(named name: String) -> [String] {
    all(named: name).filter { !extensions.contains(Self.extension(of: $0)) }
  }

  private mutating func all(named name: String) -> [String] {
    let (directory, stem) = Self.split(name)
    if listings[directory] == nil { listings[directory] = list(directory) }
    let found = listings[directory]?[stem.lowercased()] ?? []
    let exact = found.filter { Self.stem(of: $0) == stem }
    func rank(_ file: String) -> (Int, Int, String) {
      let name = Self.extension(of: file)
      return (extensions.firstIndex(of: name) ?? extensions.count, file.hasSuffix("." + name) ? 0 : 1, file)
    }
    return (exact.isEmpty ? found : exact).sorted { rank($0) < rank($1) }
      .map { directory.isEmpty ? $0 : "\(directory)/\($0)" }
  }

  private func list(_ name: String) -> [String: [String]] {
    let files = try? FileManager.default.contentsOfDirectory(
      atPath: name.isEmpty ? directory : "\(directory)/\(name)")
    return Dictionary(grouping: files ?? []) { Self.stem(of: $0).lowercased() }
  }

  /// The directories and the last component of a path.
  package static func split(_ path: String) -> (directories: String, last: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  /// A path without its extension.
  package static func stem(of path: String) -> String {
    dot(in: path).map { String(path[..<$0]) } ?? path
  }

  /// What stands behind the last dot of a path's last component, in lower case.
  package static func `extension`(of path: String) -> String {
    dot(in: path).map { path[path.index(after: $0)...].lowercased() } ?? ""
  }

  /// Where the extension starts; nothing for a name without one or with nothing else.
  private static func dot(in path: String) -> String.Index? {
    let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    return path[start...].lastIndex(of: ".").flatMap { $0 == start ? nil : $0 }
  }
}

extension FileManager {
  /// Whether there is a directory at the path.
  package func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
