import Foundation

/// The directory of a run.
package enum RunDirectory {
  /// Makes a directory and its parents.
  ///
  /// - Throws: ``CheckpointError`` naming it and the reason.
  package static func create(_ path: String) throws(CheckpointError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError(path, cannot: "create the directory", error)
    }
  }
}
