import Files
import Foundation

/// The files of a division: none is there before all could be written.
struct SplitOutput {
  private var texts: [(path: String, text: Data)] = []
  private var links: [(path: String, target: String)] = []
  /// Files of an earlier division that this one does not have.
  private(set) var leftovers: [String] = []

  /// Adds a file.
  mutating func add(_ path: String, _ text: Data) { texts.append((path, text)) }

  /// Adds a file that is to go, when files may be overwritten: it would contradict the others.
  mutating func addLeftover(_ path: String) { leftovers.append(path) }

  /// Adds a link to a directory.
  mutating func addLink(_ path: String, to target: String) { links.append((path, target)) }

  /// What is to be written: files, and links that are not there yet.
  var paths: [String] { texts.map(\.path) + links.filter { !isInPlace($0) }.map(\.path) }

  /// Writes everything.
  ///
  /// - Parameters:
  ///   - overwrites: whether files may be there already; ``leftovers`` are removed then.
  ///   - inputs: files that are never overwritten.
  /// - Returns: what was removed.
  /// - Throws: ``SplitError`` when something is in the way, before anything is changed; `FileError` when the disk refuses.
  func write(overwrites: Bool, inputs: [String]) throws -> [String] {
    func place(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    let protected = Set(inputs.map(place))
    let files = texts.map(\.path)
    if let path = files.first(where: { protected.contains(place($0)) }) {
      throw SplitError(description: "\(path) is the file that is divided: name another place by --output DIR")
    }
    let present = files.filter { FileManager.default.fileExists(atPath: $0) }
    if let first = present.first, !overwrites {
      let others = present.count > 1 ? " and \(present.dropFirst().joined(separator: ", "))" : ""
      throw SplitError(
        description:
          "\(first)\(others) \(present.count > 1 ? "exist" : "exists") already: --overwrite replaces, --output DIR writes elsewhere"
      )
    }
    for link in links where !isInPlace(link) && Self.isThere(link.path) {
      throw SplitError(
        description: "\(link.path) exists already and is no link to \(link.target): take another --output")
    }
    for path in files { try Directory.create(URL(fileURLWithPath: path).deletingLastPathComponent().path) }
    let written = try texts.map { path, text in
      let file = try AtomicFile(path)
      try file.write([UInt8](text))
      return file
    }
    for link in links where !isInPlace(link) {
      try Directory.create(URL(fileURLWithPath: link.path).deletingLastPathComponent().path)
      let target = RelativePath.of(link.target, from: URL(fileURLWithPath: link.path).deletingLastPathComponent().path)
      if symlink(target, link.path) != 0 {
        throw FileError(link.path, cannot: "make a link to \(target)", errorNumber: errno)
      }
    }
    for file in written { try file.commit() }
    let removed = overwrites ? leftovers.filter { !protected.contains(place($0)) } : []
    for path in removed { try Directory.remove(path) }
    return removed
  }

  private func isInPlace(_ link: (path: String, target: String)) -> Bool {
    Self.isThere(link.path)
      && URL(fileURLWithPath: link.path).resolvingSymlinksInPath().path
        == URL(fileURLWithPath: link.target).resolvingSymlinksInPath().path
  }

  /// Whether there is anything, be it a link to nothing.
  private static func isThere(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}
