import Foundation

/// A name in a directory, and what the directory itself says that it is.
package struct DirectoryEntry: Sendable, Equatable {
  /// What a name stands for.
  package enum Kind: Sendable {
    case file
    case directory
    /// A link, a device, or whatever the file system does not tell in a listing.
    case unknown
  }

  package let name: String
  package let kind: Kind

  /// The entries of a directory, in no order; one call for many names, and none for each.
  ///
  /// - Throws: ``FileError`` when the directory cannot be listed.
  package static func all(in directory: String) throws(FileError) -> [DirectoryEntry] {
    guard let stream = opendir(directory) else {
      throw FileError(directory, cannot: "list the directory", errorNumber: errno)
    }
    defer { closedir(stream) }
    var entries: [DirectoryEntry] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) }
      if name != ".", name != ".." { entries.append(DirectoryEntry(name: name, kind: Kind(entry.pointee.d_type))) }
    }
    if errno != 0 { throw FileError(directory, cannot: "list the directory", errorNumber: errno) }
    return entries
  }
}

extension DirectoryEntry.Kind {
  fileprivate init(_ type: UInt8) {
    switch Int(type) {
    case Int(DT_REG): self = .file
    case Int(DT_DIR): self = .directory
    default: self = .unknown
    }
  }
}
