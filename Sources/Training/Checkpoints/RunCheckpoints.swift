import Foundation
import Logging

/// A directory that was given where a checkpoint is expected.
struct RunCheckpoints {
  private let path: String

  /// Nil when the path is no directory.
  init?(directory path: String) {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
      return nil
    }
    self.path = path
  }

  /// The newest valid checkpoint, when this is the directory of a run or that of its checkpoints.
  ///
  /// - Throws: ``CheckpointError`` when there are checkpoints but none is valid, and when there are none.
  func newest(_ logger: Logger) throws(CheckpointError) -> Checkpoint {
    guard let store, let checkpoint = try CheckpointStore(reading: store, logger: logger)?.newestValid() else {
      throw refusal
    }
    return checkpoint
  }

  /// Why it cannot be read as a file.
  var refusal: CheckpointError {
    let file = store.flatMap { store in
      (try? AtomicFile.fileNames(in: store + "/checkpoints"))?.filter { CheckpointStore.iteration(ofFile: $0) != nil }
        .max { CheckpointStore.iteration(ofFile: $0)! < CheckpointStore.iteration(ofFile: $1)! }
        .map { "\(store)/checkpoints/\($0)" }
    }
    return CheckpointError(
      path,
      "a directory, not a file of weights"
        + (file.map { "; its newest checkpoint is \($0)" } ?? ", and no run with checkpoints"))
  }

  /// The run directory.
  private var store: String? {
    if FileManager.default.fileExists(atPath: path + "/checkpoints") { return path }
    let url = URL(fileURLWithPath: path)
    return url.lastPathComponent == "checkpoints" ? url.deletingLastPathComponent().relativePath : nil
  }
}
