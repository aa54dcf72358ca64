import Configuration
import Datasets
import Files
import Foundation
import Inference
import Kernels
import Logging
import MessagePassing
import Tensors

/// This process as a member of a job: the ranks it works with, what it is doing, who watches that it gets on.
///
/// Started by mpirun or srun the job has many ranks, else one; everything else is the same.
package final class Job {
  /// The ranks.
  package let communicator: any Communicator
  /// What this rank is doing.
  package let board = PhaseBoard()
  /// Where the ranks run.
  package let placement: RankPlacement
  /// The same, as sums want to know it.
  package let layout: RankLayout
  /// Messages for people: all of rank 0, warnings and errors of the others.
  package let logger: Logger
  /// When the job will be ended from outside.
  package let deadline: Date?
  /// Which program this is; nil where there is none around, as in tests.
  package let build: BuildIdentity?
  /// What this rank computes with.
  package let kernels: KernelChoice
  /// Whether this rank is asked to stop.
  package let stop: StopRequest
  /// Where hosts keep copies of training state.
  package let memoryDirectory: String
  /// Mean time between two failures of a host.
  package let hostFailureSeconds: Double
  private var watchdog: StallWatchdog?
  private var runLock: RunLock?

  /// Joins the job. To be called once in a process, on the main thread.
  ///
  /// - Throws: `MessagePassingError`.
  package convenience init(
    _ environment: LaunchEnvironment, build: BuildIdentity, kernels: KernelChoice, stop: StopRequest = StopRequest()
  ) throws {
    try self.init(
      try environment.communicator(), deadline: environment.deadline, build: build, kernels: kernels, stop: stop,
      environment: environment)
  }

  /// A job over existing ranks, e.g. a ``SingleProcessCommunicator``.
  ///
  /// - Parameters:
  ///   - build: which program this is, for files and reports.
  ///   - logger: takes the messages; by default standard error.
  ///   - environment: what the launcher says.
  ///   - host: the name of this machine; nil for what it calls itself.
  package init(
    _ communicator: any Communicator, deadline: Date? = nil, build: BuildIdentity? = nil,
    kernels: KernelChoice = .fastest, stop: StopRequest = StopRequest(), logger: Logger? = nil,
    environment: LaunchEnvironment = LaunchEnvironment(), host: String? = nil
  ) throws {
    self.communicator = communicator
    self.build = build
    self.deadline = deadline
    self.kernels = kernels
    self.stop = stop
    hostFailureSeconds = try environment.hostFailureSeconds()
    memoryDirectory = environment.memoryDirectory
    placement = try RankPlacement(communicator, host: host ?? ProcessInfo.processInfo.hostName)
    layout = try RankLayout(placement, environment: ProcessInfo.processInfo.environment)
    let name = communicator.worldSize > 1 ? "rank \(communicator.rank) (\(placement.own.host))" : nil
    let isRoot = communicator.isRoot
    self.logger =
      logger
      ?? Logger(label: "multibox") { _ in
        var handler = StandardErrorLogHandler(sender: name)
        handler.logLevel = isRoot ? .info : .warning
        return handler
      }
  }

  /// Reads a configuration at rank 0 and gives it to all.
  ///
  /// - Throws: what `read` throws, at rank 0 only: the others wait, and are ended with it.
  package func configuration(_ read: () throws -> Configuration) throws -> Configuration {
    board.enter("waiting for the configuration", waitsForOthers: !communicator.isRoot)
    guard communicator.worldSize > 1 else { return try read() }
    guard communicator.isRoot else {
      let (name, yaml) = (try communicator.broadcast(""), try communicator.broadcast(""))
      return try Configuration(yaml: yaml, name: name)
    }
    let configuration = try read()
    _ = try communicator.broadcast(configuration.source)
    _ = try communicator.broadcast(configuration.resolvedYAML)
    return configuration
  }

  /// Reads the annotations of a split, each image's by one of the ranks. Collective.
  ///
  /// - Parameter faults: which errors end reading.
  /// - Throws: `DatasetError`, ``ConfigurationError``, `MessagePassingError`.
  package func dataset(
    _ configuration: Configuration, split: SplitChoice, faults: FaultLog.Policy = .stopAtFirstError
  ) throws -> Dataset {
    var failure: MessagePassingError?
    let team = ReadingTeam(count: communicator.worldSize, index: communicator.rank) {
      [board, communicator, layout] own in
      board.enter("waiting for other ranks to read their images of the split \(split)", waitsForOthers: true)
      do throws(MessagePassingError) {
        return try communicator.allGather(own, along: layout.groups)
      } catch {
        failure = error
        return []
      }
    }
    let dataset = try ownDataset(configuration, split: split, faults: faults, team: team)
    if let failure { throw failure }
    return dataset
  }

  /// Reads all annotations of a split at this rank.
  ///
  /// - Parameter faults: whether to stop at the first error or to list all.
  /// - Throws: `DatasetError`, ``ConfigurationError``.
  package func ownDataset(
    _ configuration: Configuration, split: SplitChoice, faults: FaultLog.Policy = .stopAtFirstError,
    team: ReadingTeam = .alone
  ) throws -> Dataset {
    board.enter("reading the split \(split)")
    return try configuration.dataset(split: split, faults: faults, team: team) { [board] in board.enter("reading \($0)")
    }
  }

  /// Copies values of rank `root` to all ranks.
  package func broadcast(_ arena: VariableArena, from root: Int) throws {
    try communicator.broadcast(UnsafeMutableRawBufferPointer(arena.values), from: root, along: layout.groups)
  }

  /// Compute threads of this rank: as configured, or its share of the processors it is bound to. A misfit is logged.
  package func computeThreads(_ configuration: Configuration) -> Int {
    let threads = configuration.training.threads ?? placement.threads
    if let warning = placement.warning(threads: threads) { logger.warning("\(warning)") }
    return threads
  }

  /// How much time passes between checkpoints of this job.
  func checkpointInterval(_ setting: Configuration.Checkpoint.Interval?) -> CheckpointInterval {
    CheckpointInterval(setting, hosts: placement.firstRanks.count, hostFailureSeconds: hostFailureSeconds)
  }

  /// Ends the job, with exit code 77, when anything takes longer than `seconds`. Collective.
  ///
  /// - Parameter setting: what sets that, for messages; nil for the configuration.
  package func watch(seconds: Double, setting: String? = nil) throws {
    watchdog = try StallWatchdog(
      communicator, board: board, seconds: seconds, setting: setting,
      warn: { [logger] in logger.warning("\($0)") }, report: { [logger] in logger.error("\($0)") })
  }

  /// Takes a run directory for this job, so that no other writes there meanwhile; it is given back when the job ends. Collective.
  ///
  /// - Parameter exitCode: what the job ends with when another takes the directory although this one runs.
  /// - Throws: ``FileError`` naming the process that holds the directory, at rank 0.
  package func hold(runDirectory: String, exitCode: Int32) throws {
    board.enter("taking the run directory \(runDirectory)", waitsForOthers: !communicator.isRoot)
    if communicator.isRoot {
      runLock = try RunLock(
        runDirectory, owner: RunLockOwner(job: LaunchEnvironment().schedulerJob),
        notice: { [logger] in logger.warning("\($0)") },
        progress: { [board, stop] in
          board.progress()
          if stop.isPending { throw StoppedBeforeStart(directory: runDirectory) }
        },
        lost: { [logger, communicator] error in
          logger.error("\(error)")
          communicator.abort(exitCode)
        })
    }
    try communicator.barrier()
  }

  /// Leaves the job in good order when all ranks have done their work; what is left is to end MPI. Collective.
  package func leave() throws {
    board.enter("leaving", waitsForOthers: true)
    try communicator.barrier()
    watchdog?.stop()
    runLock?.release()
  }

  /// Reports why the job cannot go on and ends all its processes.
  package func abort(_ error: any Error, code: Int32) -> Never {
    // What rank 0 has met too, it tells; this rank must not end the job before it has.
    let isTold = !communicator.isRoot && error is any SharedFailure
    if isTold { Thread.sleep(forTimeInterval: 3) } else { logger.error("\(error)") }
    runLock?.release()
    communicator.abort(code)
  }
}

/// A failure that all ranks meet together, so that one report is enough.
package protocol SharedFailure: Error {}
