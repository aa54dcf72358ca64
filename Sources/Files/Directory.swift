import Foundation

/// What is done with directories and the names in them.
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

  /// Takes a name away from a file.
  package static func remove(_ file: String, calls: any SystemCalls = LinuxCalls()) throws(FileError) {
    try FileError.naming(file, cannot: "remove") { () throws(SystemError) in try calls.remove(file) }
  }

  /// Gives a file another name in its directory, durably.
  package static func rename(
    _ file: String, to name: String, calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    try FileError.naming(file, cannot: "rename") { () throws(SystemError) in try calls.rename(file, to: name) }
    try flush(URL(fileURLWithPath: name).deletingLastPathComponent().path, naming: name, calls: calls)
  }

  /// Makes names that were given or taken away durable.
  ///
  /// - Parameter file: the name, for errors.
  static func flush(_ directory: String, naming file: String, calls: any SystemCalls) throws(FileError) {
    let opened = try Descriptor(
      directory, O_RDONLY | O_DIRECTORY, named: file, cannot: "open the directory \(directory)", calls: calls)
    do throws(FileError) {
      try opened.flush()
    } catch {
      // Some file systems cannot flush a directory and say so by EINVAL; their renames are as durable as they get.
      guard let number = error.errorNumber, number != EINVAL else { return }
      throw FileError(file, cannot: "flush the directory \(directory) to the disk", errorNumber: number)
    }
  }
}
