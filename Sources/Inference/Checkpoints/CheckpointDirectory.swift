import Files
import Foundation
import Logging

/// The directory `checkpoints` of a run, to be read: `iteration-0001000.safetensors` and so on, and `best.safetensors`.
package struct CheckpointDirectory {
  private static let prefix = "iteration-"
  private static let suffix = ".safetensors"

  /// Where it is.
  package let path: String
  private let logger: Logger

  /// That of a run, which may not exist yet.
  package init(ofRun directory: String, logger: Logger) {
    path = directory + "/checkpoints"
    self.logger = logger
  }

  /// Whether it is there.
  package var exists: Bool { FileManager.default.fileExists(atPath: path) }

  /// Its path without links and what depends on the current directory; nil where it is not there.
  package var canonicalPath: String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Where the checkpoint of an iteration is.
  package func path(iteration: Int) -> String {
    let digits = String(iteration)
    let zeros = String(repeating: "0", count: max(0, 7 - digits.count))
    return "\(path)/\(Self.prefix)\(zeros)\(digits)\(Self.suffix)"
  }

  /// Where the best checkpoint is.
  package var bestPath: String { path + "/best\(Self.suffix)" }

  /// Where the name of the newest checkpoint is.
  package var latestPath: String { path + "/latest" }

  /// The iterations that have a file, in order.
  package func iterations() throws(FileError) -> [Int] {
    try Directory.fileNames(in: path).compactMap { name in
      guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix) else { return nil }
      return Int(name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count))
    }.sorted()
  }

  /// The newest checkpoint whose header, size and tensors are as they were written; each that is not is logged.
  ///
  /// The files decide, not `latest`, which is as old as the last completed write.
  ///
  /// - Returns: nil when there is no checkpoint at all.
  /// - Throws: `FileError` when there are checkpoints but none is valid.
  package func newestValid() throws(FileError) -> Checkpoint? {
    let iterations = try iterations()
    for iteration in iterations.reversed() {
      do throws(FileError) {
        let checkpoint = try Checkpoint(contentsOf: path(iteration: iteration))
        if let metadata = checkpoint.metadata, metadata.iteration == iteration { return checkpoint }
        let found = checkpoint.metadata.map { "iteration \($0.iteration)" } ?? "no training state"
        logger.warning("ignoring a bad checkpoint: \(checkpoint.file.path): holds \(found)")
      } catch {
        logger.warning("ignoring a bad checkpoint: \(error)")
      }
    }
    if iterations.isEmpty {
      // Where only the best one was kept, it is the newest.
      return FileManager.default.fileExists(atPath: bestPath) ? try Checkpoint(resuming: bestPath) : nil
    }
    throw FileError(path, "none of the \(iterations.count) checkpoints is valid; --resume never starts anew")
  }
}
