import Configuration
import Foundation
import MessagePassing
import Tensors
import Threads

/// Sums the gradients of all ranks bucket by bucket, on a thread of its own, while backward goes on.
///
/// Backward tells how far down the arena it has come; a bucket that lies above leaves at once. Buckets begin and end in the order of the
/// plan, the same at every rank, whatever the timing. In a job of one process the same thread hands every bucket back as it is.
package final class GradientExchange: @unchecked Sendable {
  package let plan: BucketPlan
  private let sum: any OrderedSum
  /// Of running averages, which are never rounded on their way.
  private let averageSum: any OrderedSum
  private struct State {
    var pieces: [VariableArena] = []
    /// The arena is complete from here on.
    var completeFrom = Int.max
    var begun = 0
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
  ///   - layout: where the ranks are.
  package init(
    _ communicator: any Communicator, order: SummationOrder, trained: Range<Int>, averages: Range<Int> = 0..<0,
    layout: RankLayout, settings: Configuration.Communication
  ) {
    plan = BucketPlan(trained, averages: averages, megabytes: settings.bucketMegabytes)
    let kinds = BucketSums(order: order, layout, capacity: plan.capacity)
    sum = kinds.sum(communicator, settings)
    averageSum = Self.roundsGradients(plan, settings) ? kinds.sum(communicator, settings.withoutRounding) : sum
    let thread = Thread { self.work() }
    thread.name = "gradient exchange"
    thread.start()
  }

  /// Bytes that an exchange allocates.
  package static func byteCount(
    trained: Range<Int>, averages: Range<Int> = 0..<0, layout: RankLayout, order: SummationOrder,
    settings: Configuration.Communication
  ) -> Int {
    let plan = BucketPlan(trained, averages: averages, megabytes: settings.bucketMegabytes)
    let kinds = BucketSums(order: order, layout, capacity: plan.capacity)
    let sums = [settings] + (roundsGradients(plan, settings) ? [settings.withoutRounding] : [])
    return sums.reduce(0) { $0 + kinds.byteCount($1) }
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
      (state.begun, state.summed) = (0, 0)
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
    var current = sum
    var pause = PollingPause()
    do throws(MessagePassingError) {
      while true {
        let isIdle = current.isIdle
        switch isIdle ? waitForBucket() : current.hasRoom ? lookForBucket() : .notYet {
        case .none: return state.withLock { $0.isRunning = false }
        case .notYet: break
        case .bucket(let bucket):
          let next = bucket.holdsAverages ? averageSum : sum
          // Those of one kind end before those of another begin, so that all end in the order of the plan.
          while next !== current, !current.isIdle { try move(current, &pause) }
          current = next
          try current.begin(bucket.pieces)
          pause.reset()
        }
        try move(current, &pause)
      }
    } catch {
      state.withLock { state in
        state.failure = error
        state.isRunning = false
      }
    }
  }

  /// Moves sums on, and pauses where none has moved.
  private func move(_ sum: any OrderedSum, _ pause: inout PollingPause) throws(MessagePassingError) {
    let ended = sum.ended
    if try sum.advance() {
      pause.reset()
    } else if !sum.isIdle {
      pause.wait()
    }
    if sum.ended > ended { state.withLock { $0.summed += sum.ended - ended } }
  }

  private enum Next {
    case bucket(Bucket)
    case notYet
    /// The exchange has ended.
    case none
  }

  private struct Bucket {
    let pieces: [UnsafeMutableBufferPointer<Float>]
    let holdsAverages: Bool
  }

  /// Waits for a bucket that is complete at this rank.
  private func waitForBucket() -> Next {
    state.wait { state in
      let next = take(&state)
      if case .notYet = next { return nil }
      return next
    }
  }

  private func lookForBucket() -> Next { state.withLock { take(&$0) } }

  private func take(_ state: inout State) -> Next {
    if state.isStopped { return .none }
    guard state.begun < plan.buckets.count, plan.buckets[state.begun].lowerBound >= state.completeFrom else {
      return .notYet
    }
    defer { state.begun += 1 }
    return .bucket(
      Bucket(
        pieces: state.pieces.map { UnsafeMutableBufferPointer(rebasing: $0.values[plan.buckets[state.begun]]) },
        holdsAverages: state.begun < plan.averageBuckets))
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
