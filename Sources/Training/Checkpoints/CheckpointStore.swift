import Foundation
import Logging
import Tensors

/// Where a run starts from.
package enum ResumePolicy: Sendable, Equatable {
  /// From the newest valid checkpoint of the run directory, or from the beginning when it has none.
  case auto
  /// From the beginning.
  case never
  /// From the given checkpoint.
  case path(String)

  /// Reads the argument of `--resume`: `auto`, `never`, or a path.
  package init(argument: String) {
    switch argument {
    case "auto": self = .auto
    case "never": self = .never
    default: self = .path(argument)
    }
  }
}

/// The folder `checkpoints` of a run directory: `iteration-0001000.safetensors` and so on, and `latest`, a text file with
/// the name of the newest one for people and scripts. One process writes there at a time.
package struct CheckpointStore {
  private static let prefix = "iteration-"
  private static let suffix = ".safetensors"

  /// The folder.
  package let directory: String
  private let keep: Int
  private let logger: Logger

  /// Creates the folder when it is not there and removes what killed writers left.
  ///
  /// - Parameter keep: how many of the newest checkpoints to keep.
  /// - Precondition: `keep` is positive.
  package init(runDirectory: String, keep: Int, logger: Logger) throws(CheckpointError) {
    precondition(keep > 0, "cannot keep \(keep) checkpoints")
    directory = runDirectory + "/checkpoints"
    self.keep = keep
    self.logger = logger
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError(directory, cannot: "create the directory", error)
    }
    try AtomicFile.removeStale(in: directory)
  }

  /// The checkpoints of a run directory, to be read and left as they are; nil when it has no folder of them.
  init?(reading runDirectory: String, logger: Logger) {
    directory = runDirectory + "/checkpoints"
    guard FileManager.default.fileExists(atPath: directory) else { return nil }
    keep = .max
    self.logger = logger
  }

  /// Where the checkpoint of an iteration is.
  package func path(iteration: Int) -> String {
    let digits = String(iteration)
    let zeros = String(repeating: "0", count: max(0, 7 - digits.count))
    return "\(directory)/\(Self.prefix)\(zeros)\(digits)\(Self.suffix)"
  }

  /// Writes the checkpoint of an iteration, then removes those that are no longer to be kept.
  ///
  /// Checkpoints of later iterations belong to a history that this run has left, by resuming earlier or from the beginning;
  /// they are set aside under a name that resuming does not see.
  ///
  /// - Parameter progress: called at every tensor that is hashed or written.
  package func save(
    iteration: Int, configuration: Configuration, state: TrainingState, progress: @escaping () -> Void = {}
  ) throws(CheckpointError) {
    let path = path(iteration: iteration)
    try Checkpoint.write(
      to: path, iteration: iteration, configuration: configuration, state: state, progress: progress)
    try AtomicFile.replace(directory + "/latest", with: URL(fileURLWithPath: path).lastPathComponent + "\n")
    let iterations = try iterations()
    for later in iterations where later > iteration {
      try setAside(
        self.path(iteration: later), "a checkpoint of a later iteration than \(iteration), which this run has left,")
    }
    for old in iterations.filter({ $0 <= iteration }).dropLast(keep) where unlink(self.path(iteration: old)) != 0 {
      throw CheckpointError(self.path(iteration: old), cannot: "remove", errorNumber: errno)
    }
  }

  /// Where the best checkpoint is.
  package var bestPath: String { directory + "/best\(Self.suffix)" }

  /// Gives the checkpoint of an iteration a second name, ``bestPath``, under which it stays when it is no longer among the newest.
  ///
  /// - Parameter isFirst: whether nothing was the best before. A file that has the name all the same is of a history that this run has
  ///   left, or of another metric; it is set aside.
  func keepAsBest(iteration: Int, isFirst: Bool) throws(CheckpointError) {
    let path = path(iteration: iteration)
    if isFirst, FileManager.default.fileExists(atPath: bestPath),
      !AtomicFile.isSame(bestPath, path)
    {
      try setAside(bestPath, "a best checkpoint that no evaluation of this run in its metric has made")
    }
    try AtomicFile.replace(bestPath, withFile: path)
  }

  private func setAside(_ path: String, _ what: String) throws(CheckpointError) {
    let aside = path + ".superseded"
    if rename(path, aside) != 0 { throw CheckpointError(path, cannot: "rename", errorNumber: errno) }
    logger.warning("\(what) is now \(aside)")
  }

  /// The checkpoint to continue from; nil to start from the beginning.
  ///
  /// - Throws: ``CheckpointError`` when the given checkpoint is not valid, or when there are checkpoints but none is valid.
  package func checkpoint(toResume policy: ResumePolicy) throws(CheckpointError) -> Checkpoint? {
    switch policy {
    case .never: nil
    case .path(let path): try resumable(path)
    case .auto: try newestValid()
    }
  }

  private func resumable(_ path: String) throws(CheckpointError) -> Checkpoint {
    let checkpoint = try Checkpoint(contentsOf: path)
    try checkpoint.requireState()
    return checkpoint
  }

  /// The newest checkpoint whose header, size and tensors are as they were written; each that is not is logged.
  ///
  /// The files decide, not `latest`, which is as old as the last completed write.
  ///
  /// - Returns: nil when there is no checkpoint at all.
  /// - Throws: ``CheckpointError`` when there are checkpoints but none is valid.
  package func newestValid() throws(CheckpointError) -> Checkpoint? {
    let iterations = try iterations()
    for iteration in iterations.reversed() {
      do throws(CheckpointError) {
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
      return FileManager.default.fileExists(atPath: bestPath) ? try resumable(bestPath) : nil
    }
    throw CheckpointError(directory, "none of the \(iterations.count) checkpoints is valid; --resume never starts anew")
  }

  /// The iterations that have a file, in order.
  private func iterations() throws(CheckpointError) -> [Int] {
    try AtomicFile.fileNames(in: directory).compactMap(Self.iteration).sorted()
  }

  /// The iteration of a checkpoint; nil for files of other names.
  static func iteration(ofFile name: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    return Int(name.dropFirst(prefix.count).dropLast(suffix.count))
  }
}
