import Foundation

/// Finds the image files of a split by their `file_name`, whatever system and directory it was written for.
package struct COCOImageFinder {
  /// Extensions that stand in for one another when the name's own is not there.
  private static let extensions: Set = ["jpg", "jpeg", "jpe", "jfif", "png"]

  /// Where to look, in turn; the directories of a group stand equal.
  private let groups: [[String]]
  private var files = ExistingFiles()
  /// Names of a directory's files by the same without extension, in lower case.
  private var listings: [String: [String: [String]]] = [:]
  /// Which name each file was found for.
  private var owners: [String: String] = [:]

  /// What a name means.
  package enum Finding {
    /// The file that the name says.
    case asNamed(String)
    /// The only file that the name can mean, elsewhere or called otherwise.
    case similar(String)
    /// A file that was found for another name before.
    case taken(String, by: String)
    /// Different images that the name can mean.
    case several([String])
    case nothing

    /// The only file, if there is one.
    package var path: String? {
      switch self {
      case .asNamed(let path), .similar(let path): path
      case .taken, .several, .nothing: nil
      }
    }
  }

  package init(_ split: COCOSplit) {
    groups = split.namedDirectories.map { [$0] } + [split.usualDirectories]
  }

  /// The file of a name.
  ///
  /// Tried in turn: the name as it is, in each directory; an absolute path; the name with `/` for `\` and without one leading
  /// directory after the other; its last part without regard to letter case and to the kind of image in the extension. All but
  /// the first two are guesses, so they count only when one image fits.
  package mutating func find(_ name: String) -> Finding {
    if let path = path(asNamed: name) { return finding(path, for: name) ?? .asNamed(path) }
    var paths = guesses(name)
    if paths.isEmpty, case let plain = Self.withoutEscapes(name), plain != name { paths = guesses(plain) }
    guard let path = paths.first else { return .nothing }
    return paths.count > 1 ? .several(paths) : finding(path, for: name) ?? .similar(path)
  }

  /// The name that a URL's path stands for: without a query, and with the characters for which it has `%20` and the like.
  private static func withoutEscapes(_ name: String) -> String {
    let path = String(name.prefix { $0 != "?" })
    return path.removingPercentEncoding ?? path
  }

  private mutating func finding(_ path: String, for name: String) -> Finding? {
    let earlier = owners.updateValue(name, forKey: path)
    return earlier.flatMap { $0 == name ? nil : .taken(path, by: $0) }
  }

  private mutating func path(asNamed name: String) -> String? {
    if name.hasPrefix("/") { return files.contains(name) ? name : nil }
    if name.split(separator: "/").contains("..") { return nil }
    for directory in groups.joined() where files.contains("\(directory)/\(name)") { return "\(directory)/\(name)" }
    return nil
  }

  /// Different images that a name can mean, of the first group of directories and the longest end of the name that has any.
  private mutating func guesses(_ name: String) -> [String] {
    let parts = name.replacing("\\", with: "/").split(separator: "/").map(String.init).filter { $0 != "." }
    for directories in groups {
      for start in parts.indices {
        let rest = parts[start...]
        if rest.contains("..") { continue }
        let paths = directories.map { "\($0)/\(rest.joined(separator: "/"))" }.filter { files.contains($0) }
        if !paths.isEmpty { return Self.different(paths) }
      }
      guard let last = parts.last else { return [] }
      var paths: [String] = []
      for directory in directories { paths += similar(last, in: directory).map { "\(directory)/\($0)" } }
      if !paths.isEmpty { return Self.different(paths) }
    }
    return []
  }

  /// The files of a directory that differ from `name` in letter case or kind of image alone.
  private mutating func similar(_ name: String, in directory: String) -> [String] {
    let (stem, ending) = Self.split(name)
    if listings[directory] == nil {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
      listings[directory] = Dictionary(grouping: files) { Self.split($0).stem }
    }
    if !Self.extensions.contains(ending), let files = listings[directory]?[name.lowercased()] {
      // A name without an extension, which may have a point.
      let images = files.filter { Self.extensions.contains(Self.split($0).ending) }
      if !images.isEmpty { return images.sorted() }
    }
    let files = listings[directory]?[stem] ?? []
    let same = files.filter { Self.split($0).ending == ending }
    return same.isEmpty && Self.extensions.contains(ending)
      ? files.filter { Self.extensions.contains(Self.split($0).ending) }.sorted() : same.sorted()
  }

  /// The files without those that are links to, or copies of, an earlier one.
  private static func different(_ paths: [String]) -> [String] {
    if paths.count == 1 { return paths }
    return paths.reduce(into: []) { different, path in
      let file = RootNames.canonical(path)
      let isThere = different.contains { other in
        let other = RootNames.canonical(other)
        return other == file || FileManager.default.contentsEqual(atPath: other, andPath: file)
      }
      if !isThere { different.append(path) }
    }
  }

  /// Name and extension in lower case.
  private static func split(_ name: String) -> (stem: String, ending: String) {
    let last = FileIndex.split(name.lowercased()).last
    return (FileIndex.stem(of: last), FileIndex.extension(of: last))
  }
}
