import Foundation

/// What is done with whole directories.
package enum Directory {
  /// Makes a directory and its parents.
  ///
  /// - Throws: ``FileError`` naming it and the reason.
  package static func create(_ path: String) throws(FileError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw FileError(path, cannot: "create the directory", error)
    }
  }

  /// The names in a directory, in order.
  package static func fileNames(in directory: String) throws(FileError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    } catch {
      throw FileError(directory, cannot: "list the directory", error)
    }
  }

  /// Makes names that were given or taken away durable.
  static func flush(_ directory: String) throws(FileError) {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 {
      throw FileError(directory, cannot: "open the directory", errorNumber: errno)
    }
    defer { close(descriptor) }
    // Some file systems cannot flush a directory and say so by EINVAL; their renames are as durable as they get.
    if fsync(descriptor) != 0 && errno != EINVAL {
      throw FileError(directory, cannot: "flush the directory to the disk", errorNumber: errno)
    }
  }
}
