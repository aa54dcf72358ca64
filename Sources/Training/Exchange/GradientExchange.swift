import Configuration
import Foundation
import MessagePassing
import Tensors
import Threads

/// Sums the gradients of all ranks bucket by bucket, on a thread of its own, while backward goes on.
///
/// Backward tells how far down the arena it has come; a bucket that lies above leaves at once. Buckets are exchanged one after the
/// other in the order of the plan, the same at every rank, whatever the timing. In a job of one process the same thread hands every
/// bucket back as it is.
package final class GradientExchange: @unchecked Sendable {
  package let plan: BucketPlan
  private let sum: BucketSum
  /// Of running averages, which are never rounded on their way.
  private let averageSum: BucketSum
  private struct State {
    var pieces: [VariableArena] = []
    /// The arena is complete from here on.
    var completeFrom = Int.max
    var summed = 0
    var failure: MessagePassingError?
    var isStopped = false
    var isRunning = true
  }

  private let state = Monitor(State())

  /// Buckets that the consumer has taken; its own business.
  private var taken = 0

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - communicator: this exchange's alone.
  ///   - order: the tree of all micro-batches.
  ///   - trained: the part of the arena that is exchanged.
  ///   - averages: where running averages lie.
  package init(
    _ communicator: any Communicator, order: SummationOrder, trained: Range<Int>, averages: Range<Int> = 0..<0,
    settings: Configuration.Communication
  ) {
    plan = BucketPlan(trained, averages: averages, megabytes: settings.bucketMegabytes)
    sum = BucketSum(communicator, order: order, capacity: plan.capacity, settings: settings)
    averageSum =
      Self.roundsGradients(plan, settings)
      ? BucketSum(communicator, order: order, capacity: plan.capacity, settings: settings.withoutRounding)
      : sum
    let thread = Thread { self.work() }
    thread.name = "gradient exchange"
    thread.start()
  }

  /// Bytes that an exchange allocates.
  package static func byteCount(
    trained: Range<Int>, averages: Range<Int> = 0..<0, worldSize: Int, order: SummationOrder,
    settings: Configuration.Communication
  ) -> Int {
    let plan = BucketPlan(trained, averages: averages, megabytes: settings.bucketMegabytes)
    let sums = [settings] + (roundsGradients(plan, settings) ? [settings.withoutRounding] : [])
    return sums.reduce(0) {
      $0 + BucketSum.byteCount(worldSize: worldSize, order: order, capacity: plan.capacity, settings: $1)
    }
  }

  /// Whether gradients go over the wire in another way than running averages.
  private static func roundsGradients(_ plan: BucketPlan, _ settings: Configuration.Communication) -> Bool {
    settings.wire != .float32 && plan.averageBuckets > 0
  }

  /// What this rank does with its micro-batches before they are exchanged: its share of the tree, or, where MPI adds in an order of its
  /// own, a tree by themselves.
  package static func share(
    of order: SummationOrder, _ communicator: WorkDivision, settings: Configuration.Communication
  ) -> SummationOrder.Share {
    let own = communicator.share(of: order.merges.count)
    return switch settings.reduction {
    case .reproducible: order.share(own)
    case .native: SummationOrder(count: own.count).share(0..<own.count)
    }
  }

  /// Begins an iteration, whose gradients will be in `pieces`; their sum replaces the first.
  package func begin(_ pieces: [VariableArena]) {
    state.withLock { state in
      precondition(state.summed == taken, "\(state.summed - taken) buckets of the iteration before have not been taken")
      state.pieces = pieces
      state.completeFrom = .max
      state.summed = 0
    }
    taken = 0
  }

  /// Says that the values from `offset` on are final at this rank.
  package func complete(from offset: Int) { state.withLock { $0.completeFrom = offset } }

  /// The next bucket that is summed, in the order of the plan; nil behind the last one.
  ///
  /// - Throws: what the exchange has met; again at every later call.
  package func next() throws(MessagePassingError) -> Range<Int>? {
    guard taken < plan.buckets.count else { return nil }
    let failure: MessagePassingError? = state.wait { state in
      state.summed == taken && state.failure == nil ? nil : .some(state.failure)
    }
    if let failure { throw failure }
    taken += 1
    return plan.buckets[taken - 1]
  }

  /// "bucket 3 of 14", for a report.
  package var position: String {
    state.withLock { "bucket \(min($0.summed + 1, plan.buckets.count)) of \(plan.buckets.count)" }
  }

  /// Ends the thread, where no exchange is going on.
  package func stop() {
    state.withLock { $0.isStopped = true }
    state.wait { $0.isRunning ? nil : () }
  }

  private func work() {
    ThreadPool.flushDenormals()
    while let bucket = nextToSum() {
      do throws(MessagePassingError) {
        try (bucket.holdsAverages ? averageSum : sum).add(bucket.pieces)
        state.withLock { $0.summed += 1 }
      } catch {
        state.withLock { state in
          state.failure = error
          state.isStopped = true
        }
      }
    }
    state.withLock { $0.isRunning = false }
  }

  /// Waits for a bucket that is complete at this rank; nil where there will be none.
  private func nextToSum() -> (pieces: [UnsafeMutableBufferPointer<Float>], holdsAverages: Bool)? {
    state.wait { state in
      if state.isStopped { return .some(nil) }
      guard state.summed < plan.buckets.count, plan.buckets[state.summed].lowerBound >= state.completeFrom else {
        return nil
      }
      return (
        state.pieces.map { UnsafeMutableBufferPointer(rebasing: $0.values[plan.buckets[state.summed]]) },
        state.summed < plan.averageBuckets
      )
    }
  }
}

/// One of the ways to sum a bucket.
private enum BucketSum {
  case reproducible(ReproducibleSum)
  case native(any Communicator)

  init(_ communicator: any Communicator, order: SummationOrder, capacity: Int, settings: Configuration.Communication) {
    switch settings.reduction {
    case .reproducible:
      self = .reproducible(ReproducibleSum(communicator, order: order, capacity: capacity, wire: settings.wire))
    case .native: self = .native(communicator)
    }
  }

  static func byteCount(
    worldSize: Int, order: SummationOrder, capacity: Int, settings: Configuration.Communication
  ) -> Int {
    switch settings.reduction {
    case .reproducible:
      ReproducibleSum.byteCount(worldSize: worldSize, order: order, capacity: capacity, wire: settings.wire)
    case .native: 0
    }
  }

  func add(_ pieces: [UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError) {
    switch self {
    case .reproducible(let sum): try sum.add(pieces)
    case .native(let communicator): try communicator.sum(pieces[0])
    }
  }
}

extension Configuration.Communication {
  /// The same with float32 on the wire.
  fileprivate var withoutRounding: Self {
    var settings = self
    settings.wire = .float32
    return settings
  }
}
