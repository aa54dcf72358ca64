import Detection
import Exchange
import Files
import Foundation
import Inference
import MessagePassing
import Prediction
import Tensors
import Training

/// Times iterations in which each rank pauses for as long as a measured step computes, and exchanges the buckets of training with the others.
///
/// It shows what the exchange costs where there are more ranks than processors, and what a prediction is worth.
package struct ExchangeBenchmark {
  /// What it has shown.
  package struct Result: Sendable {
    /// Of each rank, the number of its machine.
    package let hosts: [Int]
    /// The network.
    package let model: String
    /// How it was exchanged.
    package let wire: WireFormat
    package let bucketMegabytes: Float?
    /// Buckets of an iteration.
    package let buckets: Int
    /// Images of an iteration.
    package let globalBatch: Int
    /// Micro-batches of a rank.
    package let microBatches: Int
    /// Of every timed iteration the slowest rank's.
    package let seconds: [Double]
    /// What ranks waited for others, the mean over ranks of the median over iterations.
    package let waitingSeconds: Double
    /// The program that measured; nil where there is none around, as in tests.
    package let build: BuildIdentity?

    /// By the median of the iterations.
    package var imagesPerSecond: Double { Double(globalBatch) / seconds.median }
  }

  private let experiment: Experiment
  private let work: RankWork
  private let iterations: Int

  /// - Parameters:
  ///   - work: what a rank pretends to compute.
  ///   - iterations: those that are timed; two precede them.
  package init(_ experiment: Experiment, _ work: RankWork, iterations: Int) {
    precondition(iterations > 0, "\(iterations) iterations")
    (self.experiment, self.work, self.iterations) = (experiment, work, iterations)
  }

  private static let warmUp = 2

  /// Runs it. Collective.
  ///
  /// - Throws: ``ConfigurationError`` when the layer to freeze is none; `MessagePassingError`.
  package func run(_ job: Job) throws -> Result {
    let (configuration, layout) = (experiment.configuration, experiment.model.layout)
    let (recipe, settings) = (configuration.training, configuration.communication)
    let order = SummationOrder(count: recipe.globalBatch / recipe.microBatch)
    let share = GradientExchange.share(of: order, WorkDivision(job.communicator), settings: settings)
    let trained = experiment.model.graph.trainedRange(frozen: try experiment.frozenLayers(), of: layout.arenaCount)
    let exchange = GradientExchange(
      try job.communicator.duplicate(), order: order, trained: trained, averages: layout.averages, layout: job.layout,
      settings: settings, kernels: try job.kernels.kernels())
    defer { exchange.stop() }
    let rank = PretendedRank(
      work, share: share, pieces: share.pieces.map { _ in VariableArena(layout) }, trained: trained, exchange, job)
    var all: [(total: Double, waiting: Double)] = []
    for iteration in 0..<Self.warmUp + iterations { all.append(try rank.iterate(iteration)) }
    let own = all.dropFirst(Self.warmUp)
    let totals = try job.communicator.allGather(own.map(\.total))
    let waiting = try job.communicator.allGather([own.map(\.waiting).median])
    return Result(
      hosts: job.layout.hosts, model: configuration.model.architecture.name, wire: settings.wire,
      bucketMegabytes: settings.bucketMegabytes, buckets: exchange.plan.buckets.count, globalBatch: recipe.globalBatch,
      microBatches: share.merges.count,
      seconds: (0..<iterations).map { place in
        stride(from: place, to: totals.count, by: iterations).map { totals[$0] }.max() ?? 0
      },
      waitingSeconds: waiting.reduce(0, +) / Double(waiting.count), build: job.build)
  }
}

/// A rank that pauses in place of computing.
private struct PretendedRank {
  let work: RankWork
  let share: SummationOrder.Share
  let pieces: [VariableArena]
  let trained: Range<Int>
  let exchange: GradientExchange
  let job: Job
  let jitter: ComputeJitter

  init(
    _ work: RankWork, share: SummationOrder.Share, pieces: [VariableArena], trained: Range<Int>,
    _ exchange: GradientExchange, _ job: Job
  ) {
    (self.work, self.share, self.pieces, self.trained) = (work, share, pieces, trained)
    (self.exchange, self.job) = (exchange, job)
    jitter = ComputeJitter(deviation: work.jitter)
  }

  /// An iteration as `TrainingStep` has it.
  ///
  /// - Returns: seconds, and how many of them it waited for others.
  func iterate(_ iteration: Int) throws -> (total: Double, waiting: Double) {
    let factor = jitter.factor(iteration: iteration, rank: job.communicator.rank)
    let start = ContinuousClock.now
    var waiting = 0.0
    func wait<Value>(_ phase: String, _ body: () throws -> Value) rethrows -> Value {
      job.board.enter(phase, waitsForOthers: true)
      let begin = ContinuousClock.now
      defer { waiting += (ContinuousClock.now - begin) / .seconds(1) }
      return try body()
    }
    let records = exchange.gather([ContractRecord(configuration: 0, dataset: 0, plan: 0)])
    exchange.begin(pieces)
    job.board.enter("pausing in place of computing")
    pause(until: start + .seconds(work.forward * factor))
    _ = try wait("waiting for other ranks to begin iteration \(iteration + 1)") {
      try ContractRecord.agreement(exchange.wait(for: records))
    }
    let additions = share.merges.reduce(0, +)
    let last = share.merges.last ?? 0
    let cycle = work.forward + work.loss + work.backward
    let before =
      Double(share.merges.count - 1) * cycle + Double(additions - last) * work.addition + work.forward + work.loss
    job.board.enter("pausing in place of computing")
    pause(until: ContinuousClock.now + .seconds((before - work.forward) * factor))
    let losses = exchange.gather(share.merges.map { _ in MultiBoxLoss.Sums() })
    job.board.enter("pausing in place of computing")
    let backward = ContinuousClock.now
    for point in work.curve.points {
      let part = Double(trained.upperBound - point.offset) / Double(trained.count)
      pause(until: backward + .seconds((point.seconds + Double(last) * part * work.addition) * factor))
      exchange.complete(from: point.offset)
    }
    pause(until: backward + .seconds((work.backward + Double(last) * work.addition) * factor))
    _ = try wait("waiting for the losses of other ranks") { try exchange.wait(for: losses) }
    while let range = try wait("exchange of gradients", { try exchange.next() }) {
      if !work.clips { update(range.count, factor) }
      job.board.progress()
    }
    if work.clips { update(trained.count, factor) }
    return ((ContinuousClock.now - start) / .seconds(1), waiting)
  }

  private func update(_ count: Int, _ factor: Double) {
    let seconds = work.update * factor * Double(count) / Double(trained.count)
    pause(until: ContinuousClock.now + .seconds(seconds))
  }

  private func pause(until end: ContinuousClock.Instant) {
    let left = (end - ContinuousClock.now) / .seconds(1)
    if left > 0 { Thread.sleep(forTimeInterval: left) }
  }
}

extension ExchangeBenchmark.Result {
  private struct Summary: Encodable {
    let measurement = "exchange"
    let build: BuildIdentity?
    let model: String
    let world_size: Int
    let host_of_rank: [Int]
    let wire: String
    let bucket_megabytes: Float?
    let buckets: Int
    let global_batch: Int
    let micro_batches: Int
    let seconds: [Double]
    let iteration_seconds: Double
    let waiting_seconds: Double
    let images_per_second: Double
  }

  /// One JSON object.
  package func json() throws -> String {
    try JSONText.line(
      Summary(
        build: build, model: model, world_size: hosts.count, host_of_rank: hosts, wire: wire.rawValue,
        bucket_megabytes: bucketMegabytes, buckets: buckets, global_batch: globalBatch, micro_batches: microBatches,
        seconds: seconds, iteration_seconds: seconds.median, waiting_seconds: waitingSeconds,
        images_per_second: imagesPerSecond))
  }

  /// A sentence for people.
  package var text: String {
    """
    \(Quantities.count(hosts.count, "rank")), \(Quantities.count(microBatches, "micro-batch", "micro-batches")) each, \
    \(Quantities.count(buckets, "bucket")) of \(wire.rawValue): \(Quantities.seconds(seconds.median)) an iteration, \
    \(Quantities.seconds(waitingSeconds)) of it waiting for other ranks, median of \(seconds.count); \
    \(String(format: "%.1f", imagesPerSecond)) images/s if ranks computed as they pause
    """
  }
}
