import Foundation

/// Finds the image files of a split by their `file_name`, whatever system and folder it was written for.
struct COCOImageFinder {
  /// Extensions that stand in for one another when the name's own is not there.
  private static let extensions: Set = ["jpg", "jpeg", "jpe", "jfif", "png"]

  private let folders: [String]
  /// Names of a folder's files by the same without extension, in lower case.
  private var listings: [String: [String: [String]]] = [:]
  /// Which name each file was found for.
  private var owners: [String: String] = [:]

  /// A file, and whether it is where its name says.
  struct Finding {
    let path: String
    let isAsNamed: Bool
    /// Another name for which the same file was found.
    let otherName: String?
  }

  /// - Parameter folders: where to look, in this order.
  init(folders: [String]) {
    self.folders = folders
  }

  /// The file of a name; nothing when there is none, or no single one.
  ///
  /// Tried in turn: the name as it is, in each folder; an absolute path; the name with `/` for `\` and without one leading
  /// folder after the other; its last part without regard to letter case and to the kind of image in the extension, when
  /// one file of a folder has that.
  mutating func find(_ name: String) -> Finding? {
    if let path = path(asNamed: name) { return finding(path, for: name, isAsNamed: true) }
    return other(name).map { finding($0, for: name, isAsNamed: false) }
  }

  private mutating func finding(_ path: String, for name: String, isAsNamed: Bool) -> Finding {
    let earlier = owners.updateValue(name, forKey: path)
    return Finding(path: path, isAsNamed: isAsNamed, otherName: earlier == name ? nil : earlier)
  }

  private func path(asNamed name: String) -> String? {
    if name.hasPrefix("/") { return Self.exists(name) ? name : nil }
    if name.split(separator: "/").contains("..") { return nil }
    return folders.lazy.map { "\($0)/\(name)" }.first(where: Self.exists)
  }

  private mutating func other(_ name: String) -> String? {
    let parts = name.replacing("\\", with: "/").split(separator: "/").map(String.init).filter { $0 != "." }
    for start in parts.indices {
      let rest = parts[start...]
      if rest.contains("..") { continue }
      let end = rest.joined(separator: "/")
      if let path = folders.lazy.map({ "\($0)/\(end)" }).first(where: Self.exists) { return path }
    }
    guard let last = parts.last else { return nil }
    for folder in folders {
      if let file = similar(last, in: folder) { return "\(folder)/\(file)" }
    }
    return nil
  }

  /// The one file of a folder that differs from `name` in letter case or kind of image alone.
  private mutating func similar(_ name: String, in folder: String) -> String? {
    let (stem, ending) = Self.split(name)
    if listings[folder] == nil {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      listings[folder] = Dictionary(grouping: files) { Self.split($0).stem }
    }
    let files = listings[folder]?[stem] ?? []
    let same = files.filter { Self.split($0).ending == ending }
    let candidates =
      same.isEmpty && Self.extensions.contains(ending)
      ? files.filter { Self.extensions.contains(Self.split($0).ending) } : same
    return candidates.count == 1 ? candidates[0] : nil
  }

  /// Name and extension in lower case.
  private static func split(_ name: String) -> (stem: String, ending: String) {
    let url = URL(fileURLWithPath: "/\(name)".lowercased())
    return (url.deletingPathExtension().lastPathComponent, url.pathExtension)
  }

  private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
