import Files
import Foundation

/// The files below a directory, by their paths from there, in no order that the file system decides.
package struct FileTree {
  /// Paths of files, ascending.
  package let files: [String]

  /// Lists a directory and those below, links to directories included; hidden files and directories are passed over.
  ///
  /// - Throws: `DatasetError` for a directory that cannot be read.
  package init(_ root: String) throws(DatasetError) {
    var listing = Listing(limit: .max, end: nil, isComplete: true)
    do {
      try listing.add(root, "", inside: [])
    } catch {
      throw DatasetError(file: root, reason: "cannot be read: \(fileSystemReason(of: error))")
    }
    files = listing.sorted
  }

  /// Lists what can be read, for messages and for a search, as far as that goes quickly: the directory may be anything, as `/`.
  ///
  /// - Parameters:
  ///   - limit: the most files.
  ///   - time: how long it may take.
  package init(readableBelow root: String, limit: Int = 200_000, time: Duration) {
    var listing = Listing(limit: limit, end: .now + time, isComplete: false)
    try? listing.add(root, "", inside: [])
    files = listing.sorted
  }

  private struct Listing {
    let limit: Int
    let end: ContinuousClock.Instant?
    /// Whether a directory that cannot be read is an error.
    let isComplete: Bool
    private var files: [String] = []

    init(limit: Int, end: ContinuousClock.Instant?, isComplete: Bool) {
      (self.limit, self.end, self.isComplete) = (limit, end, isComplete)
    }

    private var isFull: Bool { files.count >= limit || end.map { ContinuousClock.now >= $0 } ?? false }

    var sorted: [String] { files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

    mutating func add(_ directory: String, _ prefix: String, inside ancestors: [String]) throws {
      // A link may lead to a directory above it.
      let place = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path
      if ancestors.contains(place) { return }
      let entries: [DirectoryEntry]
      do {
        entries = try DirectoryEntry.all(in: directory)
      } catch {
        if isComplete { throw error }
        return
      }
      for entry in entries where !entry.name.hasPrefix(".") && !isFull {
        let path = "\(directory)/\(entry.name)"
        var isDirectory = ObjCBool(entry.kind == .directory)
        // A link to nothing is no file.
        if entry.kind == .unknown, !FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) { continue }
        if isDirectory.boolValue {
          try add(path, "\(prefix)\(entry.name)/", inside: ancestors + [place])
        } else {
          files.append(prefix + entry.name)
        }
      }
    }
  }
}
