import Files
import Foundation

/// Tells which files are there. A directory is listed once, when its first file is asked for: on a file system of a cluster that is one call
/// for many files, where asking for each is one call for one.
struct ExistingFiles {
  /// Of each directory that was listed, its names; nothing for one that is there and cannot be listed.
  private var listings: [String: [String: DirectoryEntry.Kind]?] = [:]

  /// Whether there is a file or directory at a path; not where a link leads nowhere.
  mutating func contains(_ path: String) -> Bool {
    let (directories, name) = FileIndex.split(path)
    let directory = directories.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : directories
    if listings[directory] == nil { listings[directory] = .some(Self.names(in: directory)) }
    guard let names = listings[directory] ?? nil, !["", ".", ".."].contains(name) else {
      return FileManager.default.fileExists(atPath: path)
    }
    switch names[name] {
    case .file, .directory: return true
    case .unknown: return FileManager.default.fileExists(atPath: path)
    case nil: return false
    }
  }

  private static func names(in directory: String) -> [String: DirectoryEntry.Kind]? {
    do throws(FileError) {
      return Dictionary(try DirectoryEntry.all(in: directory).map { ($0.name, $0.kind) }) { first, _ in first }
    } catch {
      return [ENOENT, ENOTDIR].contains(error.errorNumber) ? [:] : nil
    }
  }
}
