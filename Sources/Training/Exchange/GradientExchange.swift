import Configuration
import Foundation
import MessagePassing
import Tensors

/// Sums the gradients of all ranks bucket by bucket, on a thread of its own, while backward goes on.
///
/// Backward tells how far down the arena it has come; a bucket that lies above leaves at once. Buckets are exchanged one after the
/// other in the order of the plan, the same at every rank, whatever the timing. In a job of one process the same thread hands every
/// bucket back as it is.
final class GradientExchange: @unchecked Sendable {
  let plan: BucketPlan
  private let sum: BucketSum
  private let condition = NSCondition()

  // Guarded by `condition`.
  private var pieces: [VariableArena] = []
  /// The arena is complete from here on.
  private var completeFrom = Int.max
  private var summed = 0
  private var failure: MessagePassingError?
  private var isStopped = false
  private var isRunning = true

  /// Buckets that the consumer has taken; its own business.
  private var taken = 0

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - communicator: this exchange's alone.
  ///   - order: the tree of all micro-batches.
  ///   - trained: the part of the arena that is exchanged.
  init(
    _ communicator: any Communicator, order: SummationOrder, trained: Range<Int>, settings: Configuration.Communication
  ) {
    plan = BucketPlan(trained, megabytes: settings.bucketMegabytes)
    sum = BucketSum(communicator, order: order, capacity: plan.capacity, settings: settings)
    let thread = Thread { self.work() }
    thread.name = "gradient exchange"
    thread.start()
  }

  /// Bytes that an exchange allocates.
  static func byteCount(
    trained: Range<Int>, worldSize: Int, order: SummationOrder, settings: Configuration.Communication
  ) -> Int {
    let plan = BucketPlan(trained, megabytes: settings.bucketMegabytes)
    return BucketSum.byteCount(worldSize: worldSize, order: order, capacity: plan.capacity, settings: settings)
  }

  /// What this rank does with its micro-batches before they are exchanged: its share of the tree, or, where MPI adds in an order of its
  /// own, a tree by themselves.
  static func share(
    of order: SummationOrder, _ communicator: WorkDivision, settings: Configuration.Communication
  ) -> SummationOrder.Share {
    let own = communicator.share(of: order.merges.count)
    return switch settings.reduction {
    case .reproducible: order.share(own)
    case .native: SummationOrder(count: own.count).share(0..<own.count)
    }
  }

  /// Begins an iteration, whose gradients will be in `pieces`; their sum replaces the first.
  func begin(_ pieces: [VariableArena]) {
    locked {
      precondition(summed == taken, "\(summed - taken) buckets of the iteration before have not been taken")
      self.pieces = pieces
      completeFrom = .max
      summed = 0
      taken = 0
    }
  }

  /// Says that the values from `offset` on are final at this rank.
  func complete(from offset: Int) {
    locked {
      completeFrom = offset
      condition.broadcast()
    }
  }

  /// The next bucket that is summed, in the order of the plan; nil behind the last one.
  ///
  /// - Throws: what the exchange has met; again at every later call.
  func next() throws(MessagePassingError) -> Range<Int>? {
    guard taken < plan.buckets.count else { return nil }
    condition.lock()
    while summed == taken && failure == nil { condition.wait() }
    let failure = failure
    condition.unlock()
    if let failure { throw failure }
    taken += 1
    return plan.buckets[taken - 1]
  }

  /// "bucket 3 of 14", for a report.
  var position: String { locked { "bucket \(min(summed + 1, plan.buckets.count)) of \(plan.buckets.count)" } }

  /// Ends the thread, where no exchange is going on.
  func stop() {
    locked {
      isStopped = true
      condition.broadcast()
      while isRunning { condition.wait() }
    }
  }

  private func work() {
    ThreadPool.flushDenormals()
    while let bucket = nextToSum() {
      do throws(MessagePassingError) {
        try sum.add(bucket)
        locked {
          summed += 1
          condition.broadcast()
        }
      } catch {
        locked {
          failure = error
          isStopped = true
          condition.broadcast()
        }
      }
    }
    locked {
      isRunning = false
      condition.broadcast()
    }
  }

  /// Waits for a bucket that is complete at this rank; nil where there will be none.
  private func nextToSum() -> [UnsafeMutableBufferPointer<Float>]? {
    locked {
      while !isStopped {
        if summed < plan.buckets.count, plan.buckets[summed].lowerBound >= completeFrom {
          return pieces.map { UnsafeMutableBufferPointer(rebasing: $0.values[plan.buckets[summed]]) }
        }
        condition.wait()
      }
      return nil
    }
  }

  private func locked<Value>(_ body: () -> Value) -> Value {
    condition.lock()
    defer { condition.unlock() }
    return body()
  }
}

/// One of the ways to sum a bucket.
private enum BucketSum {
  case reproducible(ReproducibleSum)
  case native(any Communicator)

  init(
    _ communicator: any Communicator, order: SummationOrder, capacity: Int, settings: Configuration.Communication
  ) {
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
