import Configuration
import Files
import Inference
import MessagePassing

/// What a run starts from, as its ranks have agreed: the newest state that the disk or the memory of a host has.
struct RunOrigin {
  /// The rank that has it.
  let rank: Int
  /// The state, at that rank; nil to begin.
  let checkpoint: Checkpoint?
  /// The host in whose memory it is; nil for the disk's.
  let host: String?
  /// See ``RunHistory``; nil where no copies are kept.
  let history: String?
  /// The tree along which the run adds gradients.
  let summation: SummationOrder.Form
  /// The copies of this host, at its first rank.
  let directory: MemoryDirectory?

  /// Looks for the newest state. Collective. Copies in memory that are not what the run goes on from are removed.
  ///
  /// - Parameter store: the run's checkpoints, at rank 0.
  /// - Throws: ``FileError`` where the disk's checkpoint is to be used and is not valid; `MessagePassingError`.
  init(_ policy: ResumePolicy, _ configuration: Configuration, store: CheckpointStore?, job: Job) throws {
    let communicator = job.communicator
    job.board.enter("looking for the newest checkpoint", waitsForOthers: !communicator.isRoot)
    let disk = try store?.checkpoint(toResume: policy)
    let names = store.map { RunHistory($0.directory.path) }
    let known = try communicator.broadcast(try names?.name() ?? "")
    // One path for all that lead to the run directory, which is there.
    let run = try communicator.broadcast(store.flatMap { $0.directory.canonicalPath } ?? "")
    directory =
      job.placement.isFirstOnHost ? MemoryDirectory(job.memoryDirectory, run: run, logger: job.logger) : nil

    var newest = disk?.metadata?.iteration ?? -1
    try communicator.broadcast(&newest, from: 0)
    let copy =
      policy == .auto && !known.isEmpty ? directory?.newest(after: newest, history: known, configuration) : nil
    let copies = try communicator.allGather(copy?.metadata?.iteration ?? -1)
    let last = copies.max() ?? -1
    let isCopy = last > newest
    rank = isCopy ? copies.firstIndex(of: last)! : 0
    checkpoint = communicator.rank == rank ? (isCopy ? copy : disk) : nil
    host = isCopy ? job.placement.places[rank].host : nil

    let goesOn =
      isCopy
      || policy == .auto
        && disk?.metadata.map {
          $0.history == known && configuration.differences(from: $0.configurationYAML).isEmpty
        } ?? false
    let name =
      goesOn ? known : try names?.renew(isNamed: configuration.checkpoint.memoryEverySeconds != nil) ?? ""
    let agreed = try communicator.broadcast(name)
    history = agreed.isEmpty ? nil : agreed
    directory?.remove(besides: isCopy ? last : nil)
    var form = (checkpoint?.metadata?.summation ?? .twosBelow).rawValue
    try communicator.broadcast(&form, from: rank)
    summation = SummationOrder.Form(rawValue: form)!
  }
}
