import Files
import Foundation
import Logging

/// A directory that was given where a checkpoint is expected.
package struct RunCheckpoints {
  private let path: String

  /// Nil when the path is no directory.
  package init?(directory path: String) {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
      return nil
    }
    self.path = path
  }

  /// The newest valid checkpoint, when this is the directory of a run or that of its checkpoints.
  ///
  /// - Throws: ``FileError`` when there are checkpoints but none is valid, and when there are none.
  package func newest(_ logger: Logger) throws(FileError) -> Checkpoint {
    guard let store, case let checkpoints = CheckpointDirectory(ofRun: store, logger: logger), checkpoints.exists,
      let checkpoint = try checkpoints.newestValid()
    else { throw refusal }
    return checkpoint
  }

  /// Why it cannot be read as a file.
  var refusal: FileError {
    let newest = store.flatMap { store in
      let checkpoints = CheckpointDirectory(ofRun: store, logger: Logger(label: "multibox"))
      return (try? checkpoints.iterations().last).map { checkpoints.path(iteration: $0) }
    }
    return FileError(
      path,
      "a directory, not a file of weights"
        + (newest.map { "; its newest checkpoint is \($0)" } ?? ", and no run with checkpoints"))
  }

  /// The run directory.
  private var store: String? {
    if FileManager.default.fileExists(atPath: path + "/checkpoints") { return path }
    let url = URL(fileURLWithPath: path)
    return url.lastPathComponent == "checkpoints" ? url.deletingLastPathComponent().relativePath : nil
  }
}
