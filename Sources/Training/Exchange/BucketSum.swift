import Configuration
import MessagePassing

/// Sums of buckets over all ranks, which begin and end in one order.
protocol BucketSum: AnyObject {
  /// Whether another sum can begin.
  var hasRoom: Bool { get }
  /// Whether all have ended.
  var isIdle: Bool { get }
  /// Sums that have ended.
  var ended: Int { get }

  /// Begins the sum of all ranks' pieces, which will replace the first one.
  func begin(_ pieces: [UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError)

  /// Moves all sums on; whether one has come a step further.
  func advance() throws(MessagePassingError) -> Bool
}

/// The ways to sum buckets.
struct BucketSums {
  private let groups: SumGroups?
  private let order: SummationOrder
  private let layout: RankLayout
  private let capacity: Int

  /// - Parameters:
  ///   - order: the tree of all terms.
  ///   - capacity: of the largest bucket.
  init(order: SummationOrder, _ layout: RankLayout, capacity: Int) {
    groups = layout.groups(order)
    (self.order, self.layout, self.capacity) = (order, layout, capacity)
  }

  /// The groups of a reproducible sum of whole numbers; nil where the ranks exchange pieces directly.
  private func groups(_ settings: Configuration.Communication) -> SumGroups? {
    settings.reduction == .reproducible && settings.wire == .float32 ? groups : nil
  }

  /// A sum of the configured kind.
  func sum(_ communicator: any Communicator, _ settings: Configuration.Communication) -> any BucketSum {
    if let groups = groups(settings) {
      return GroupedSum(communicator, groups, capacity: capacity, hosts: layout.hosts)
    }
    switch settings.reduction {
    case .native: return BlockingSum { pieces throws(MessagePassingError) in try communicator.sum(pieces[0]) }
    case .reproducible:
      let sum = ReproducibleSum(communicator, order: order, capacity: capacity, wire: settings.wire)
      return BlockingSum { pieces throws(MessagePassingError) in try sum.add(pieces) }
    }
  }

  /// Bytes that such a sum allocates.
  func byteCount(_ settings: Configuration.Communication) -> Int {
    if let groups = groups(settings) { return GroupedSum.byteCount(groups, capacity: capacity) }
    return settings.reduction == .native
      ? 0
      : ReproducibleSum.byteCount(worldSize: layout.hosts.count, order: order, capacity: capacity, wire: settings.wire)
  }
}

extension GroupedSum: BucketSum {
  var isIdle: Bool { begun == ended }

  func begin(_ pieces: [UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError) {
    precondition(pieces.count == 1, "\(pieces.count) pieces")
    try begin(pieces[0])
  }
}

/// A sum that has ended when it has begun.
private final class BlockingSum: BucketSum {
  private let add: ([UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError) -> Void
  private(set) var ended = 0
  private var hasEndedOne = false

  init(_ add: @escaping ([UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError) -> Void) { self.add = add }

  var hasRoom: Bool { true }
  var isIdle: Bool { !hasEndedOne }

  func begin(_ pieces: [UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError) {
    try add(pieces)
    hasEndedOne = true
  }

  func advance() -> Bool {
    guard hasEndedOne else { return false }
    hasEndedOne = false
    ended += 1
    return true
  }
}
