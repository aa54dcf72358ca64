import Configuration
import Files
import Foundation
import Inference
import Logging

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

/// Writes the checkpoints of a run into its directory `checkpoints`, and `latest`, a text file with the name of the newest one for people
/// and scripts. One process writes there at a time.
package struct CheckpointStore {
  /// The directory.
  package let directory: CheckpointDirectory
  /// Which history of the run directory goes on, for the metadata of checkpoints; nil where no copies are kept in memory.
  package var history: String?
  private let keep: Int
  private let build: String?
  private let logger: Logger
  private let calls: any SystemCalls

  /// Creates the directory when it is not there and removes what killed writers left.
  ///
  /// - Parameters:
  ///   - keep: how many of the newest checkpoints to keep.
  ///   - build: which program writes, for their metadata.
  /// - Precondition: `keep` is positive.
  package init(
    runDirectory: String, keep: Int, build: String? = nil, logger: Logger, calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    precondition(keep > 0, "cannot keep \(keep) checkpoints")
    directory = CheckpointDirectory(ofRun: runDirectory, logger: logger)
    self.keep = keep
    self.build = build
    self.logger = logger
    self.calls = calls
    try Directory.create(directory.path)
    try AtomicFile.removeStale(in: directory.path)
  }

  /// Writes the checkpoint of an iteration, then removes those that are no longer to be kept.
  ///
  /// Checkpoints of later iterations belong to a history that this run has left, by resuming earlier or from the beginning;
  /// they are set aside under a name that resuming does not see.
  ///
  /// - Parameter progress: called at every tensor that is hashed and written.
  package func save(
    iteration: Int, configuration: Configuration, state: TrainingState, progress: @escaping () -> Void = {}
  ) throws(FileError) {
    let path = directory.path(iteration: iteration)
    try Checkpoint.write(
      to: path, iteration: iteration, configuration: configuration, state: state, build: build, history: history,
      progress: progress, calls: calls)
    try AtomicFile.replace(directory.latestPath, with: latest(iteration), calls: calls)
    let iterations = try directory.iterations()
    for later in iterations where later > iteration {
      try setAside(
        directory.path(iteration: later),
        "a checkpoint of a later iteration than \(iteration), which this run has left,")
    }
    for old in iterations.filter({ $0 <= iteration }).dropLast(keep) {
      try Directory.remove(directory.path(iteration: old), calls: calls)
    }
  }

  /// Has `latest` name the checkpoint that a run goes on from, if that is the newest: a writer that is killed between the two leaves
  /// the name behind, and when all iterations are done no other checkpoint follows.
  func repairLatest(iteration: Int) throws(FileError) {
    let name = latest(iteration)
    guard try directory.iterations().last == iteration,
      FileManager.default.contents(atPath: directory.latestPath) != Data(name.utf8)
    else { return }
    try AtomicFile.replace(directory.latestPath, with: name, calls: calls)
  }

  /// What `latest` says when the checkpoint of an iteration is the newest.
  private func latest(_ iteration: Int) -> String {
    URL(fileURLWithPath: directory.path(iteration: iteration)).lastPathComponent + "\n"
  }

  /// Gives the checkpoint of an iteration a second name, ``CheckpointDirectory/bestPath``, under which it stays when it is no longer among
  /// the newest.
  ///
  /// - Parameter isFirst: whether nothing was the best before. A file that has the name all the same is of a history that this run has
  ///   left, or of another metric; it is set aside.
  func keepAsBest(iteration: Int, isFirst: Bool) throws(FileError) {
    let (best, path) = (directory.bestPath, directory.path(iteration: iteration))
    if isFirst, FileManager.default.fileExists(atPath: best), !AtomicFile.isSame(best, path) {
      try setAside(best, "a best checkpoint that no evaluation of this run in its metric has made")
    }
    try AtomicFile.replace(best, withFile: path, calls: calls)
  }

  private func setAside(_ path: String, _ what: String) throws(FileError) {
    let aside = path + ".superseded"
    try Directory.rename(path, to: aside, calls: calls)
    logger.warning("\(what) is now \(aside)")
  }

  /// The checkpoint to continue from; nil to start from the beginning.
  ///
  /// - Throws: `FileError` when the given checkpoint is not valid, or when there are checkpoints but none is valid.
  package func checkpoint(toResume policy: ResumePolicy) throws(FileError) -> Checkpoint? {
    switch policy {
    case .never: nil
    case .path(let path): try Checkpoint(resuming: path)
    case .auto: try directory.newestValid()
    }
  }
}
