import Configuration
import Foundation
import Kernels
import MessagePassing
import Tensors
import Threads

/// Sums the gradients of all ranks bucket by bucket, on a thread of its own, while backward goes on; and lets ranks see each other's small
/// records meanwhile.
///
/// Backward tells how far down the arena it has come; a bucket that lies above leaves at once. Buckets begin and end in the order of the
/// plan, the same at every rank, whatever the timing. In a job of one process the same thread hands every bucket back as it is.
package final class GradientExchange: @unchecked Sendable {
  package let plan: BucketPlan
  private let communicator: any Communicator
  private let groups: SumGroups
  private let sum: any OrderedSum
  /// Of running averages, which are never rounded on their way.
  private let averageSum: any OrderedSum
  private struct State {
    /// Records that are not on their way yet.
    var given: [GroupedGather] = []
    /// Records that have been given, and of which all have come.
    var (gathers, gathered) = (0, 0)
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
    layout: RankLayout, settings: Configuration.Communication, kernels: Kernels
  ) {
    plan = BucketPlan(trained, averages: averages, megabytes: settings.bucketMegabytes)
    (self.communicator, groups) = (communicator, layout.groups)
    let kinds = BucketSums(order: order, layout, capacity: plan.capacity)
    sum = kinds.sum(communicator, settings, kernels)
    averageSum = Self.roundsGradients(plan, settings) ? kinds.sum(communicator, settings.withoutRounding, kernels) : sum
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

  /// Shows values of this rank to all. Every rank does so with equally many, in the same order.
  package func gather<Value: BitwiseCopyable>(_ values: [Value]) -> Gathering<Value> {
    let gather = values.withUnsafeBytes { GroupedGather(communicator, groups, $0) }
    return state.withLock { state in
      state.given.append(gather)
      state.gathers += 1
      return Gathering(gather: gather, number: state.gathers)
    }
  }

  /// Waits for the values of all ranks, in rank order.
  ///
  /// - Throws: what the exchange has met.
  package func wait<Value>(for gathering: Gathering<Value>) throws(MessagePassingError) -> [Value] {
    let failure: MessagePassingError? = state.wait { state in
      state.gathered < gathering.number && state.failure == nil ? nil : .some(state.failure)
    }
    if let failure { throw failure }
    return Array(gathering.gather.all.bindMemory(to: Value.self))
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
    var gather: GroupedGather?
    var pause = PollingPause()
    do throws(MessagePassingError) {
      while true {
        let next = take(waits: current.isIdle && gather == nil, hasRoom: current.hasRoom, gathers: gather == nil)
        switch next {
        case .none: return state.withLock { $0.isRunning = false }
        case .notYet: break
        case .records(let records):
          gather = records
          try records.begin()
          pause.reset()
        case .bucket(let bucket):
          let next = bucket.holdsAverages ? averageSum : sum
          // Those of one kind end before those of another begin, so that all end in the order of the plan.
          while next !== current, !current.isIdle {
            if try move(current) { pause.reset() } else { pause.wait() }
          }
          current = next
          try current.begin(bucket.pieces)
          pause.reset()
        }
        var hasMoved = try move(current)
        if let records = gather {
          if try records.advance() { hasMoved = true }
          if records.isOver {
            state.withLock { $0.gathered += 1 }
            gather = nil
          }
        }
        if hasMoved { pause.reset() } else if !current.isIdle || gather != nil { pause.wait() }
      }
    } catch {
      state.withLock { state in
        state.failure = error
        state.isRunning = false
      }
    }
  }

  /// Moves sums on; whether one has moved.
  private func move(_ sum: any OrderedSum) throws(MessagePassingError) -> Bool {
    let ended = sum.ended
    let hasMoved = try sum.advance()
    if sum.ended > ended { state.withLock { $0.summed += sum.ended - ended } }
    return hasMoved
  }

  private enum Next {
    case bucket(Bucket)
    case records(GroupedGather)
    case notYet
    /// The exchange has ended.
    case none
  }

  private struct Bucket {
    let pieces: [UnsafeMutableBufferPointer<Float>]
    let holdsAverages: Bool
  }

  /// What is to be done next: a bucket that is complete at this rank, or records.
  ///
  /// - Parameters:
  ///   - waits: whether to wait for it.
  ///   - hasRoom: whether a bucket can be taken.
  ///   - gathers: whether records can be.
  private func take(waits: Bool, hasRoom: Bool, gathers: Bool) -> Next {
    /// Nil where there is nothing.
    func next(_ state: inout State) -> Next? {
      if state.isStopped { return Next.none }
      if gathers, !state.given.isEmpty { return .records(state.given.removeFirst()) }
      guard hasRoom, state.begun < plan.buckets.count, plan.buckets[state.begun].lowerBound >= state.completeFrom else {
        return nil
      }
      defer { state.begun += 1 }
      return .bucket(
        Bucket(
          pieces: state.pieces.map { UnsafeMutableBufferPointer(rebasing: $0.values[plan.buckets[state.begun]]) },
          holdsAverages: state.begun < plan.averageBuckets))
    }
    return waits ? state.wait(next) : state.withLock { next(&$0) ?? .notYet }
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
