import Configuration
import Files
import Inference
import Logging
import MessagePassing
import Tensors
import Threads

/// The copies that hosts keep of a run's state in memory while it goes on. Rank 0 decides when; the ranks that keep copies all write that of
/// one iteration, each in its own memory, on a thread.
///
/// A copy is of the state that an iteration begins with. It is made when all know that rank 0 has begun the iteration, and so has written what
/// `metrics.jsonl` says of those before. Nothing that fails here ends a run.
final class MemoryCopies {
  /// Hosts that keep copies.
  static let mostHosts = 4

  private let directory: MemoryDirectory?
  private let writer: CheckpointWriter?
  private let isRoot: Bool
  private let logger: Logger
  private var interval: CheckpointInterval
  /// When copies were made last; nil when they are to be made now.
  private var last: ContinuousClock.Instant?

  /// - Parameters:
  ///   - origin: what the run has started from.
  ///   - state: what it begins with.
  init(_ origin: RunOrigin, _ configuration: Configuration, state: TrainingState, job: Job) {
    let setting = configuration.checkpoint.memoryEverySeconds
    directory = origin.directory
    isRoot = job.communicator.isRoot
    logger = job.logger
    interval = job.checkpointInterval(setting)
    // What was lost with other hosts is made up for at once.
    last = origin.host == nil ? .now : nil
    let keepers = job.placement.firstRanks(ofHosts: Self.mostHosts)
    if let directory, setting != nil, keepers.contains(job.communicator.rank) {
      writer = Self.makeWriter(directory, configuration, origin.history, state, job)
    } else {
      writer = nil
    }
    if isRoot, interval.isAutomatic, let writer { note(cost: writer.copySeconds(state)) }
  }

  private static func makeWriter(
    _ directory: MemoryDirectory, _ configuration: Configuration, _ history: String?, _ state: TrainingState, _ job: Job
  ) -> CheckpointWriter {
    let (logger, build, hasWarned) = (job.logger, job.build?.line, Monitor(false))
    return CheckpointWriter(state.layout, keepsAverage: state.average != nil) { iteration, state, progress in
      do throws(FileError) {
        try directory.save(
          iteration: iteration, history: history, configuration: configuration, state: state, build: build,
          progress: progress)
      } catch {
        guard !hasWarned.withLock({ exchange(&$0, with: true) }) else { return }
        logger.warning(
          """
          no copy of iteration \(iteration) in the memory of this host: \(error). Training goes on; MULTIBOX_MEMORY_DIRECTORY names another \
          directory, checkpoint.memory_every_seconds: null does without
          """)
      }
    }
  }

  /// Whether copies are to be made of what the next iteration begins with; asked at rank 0.
  var areDue: Bool {
    guard let writer, let seconds = interval.seconds, !writer.isWriting else { return false }
    return last.map { (ContinuousClock.now - $0) / .seconds(1) >= seconds } ?? true
  }

  /// Begins the copy of this host, if it keeps one. A host that is still writing one leaves this one out.
  func begin(iteration: Int, state: TrainingState) {
    let start = ContinuousClock.now
    last = start
    guard let writer, !writer.isWriting else { return }
    try? writer.begin(iteration: iteration, state: state)
    if isRoot { note(cost: (ContinuousClock.now - start) / .seconds(1)) }
  }

  /// Waits for a copy that is being written.
  func finishWriting() {
    try? writer?.finish {}
  }

  /// Removes the copies of this host, when all of the run is on the disk.
  func remove() {
    finishWriting()
    directory?.remove()
  }

  private func note(cost seconds: Double) {
    if let message = interval.note(cost: seconds, of: "checkpoint.memory_every_seconds") { logger.info("\(message)") }
  }
}
