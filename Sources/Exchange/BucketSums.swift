import Configuration
import Kernels
import MessagePassing

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

  /// The groups of a reproducible sum; nil where the ranks exchange pieces directly.
  private func groups(_ settings: Configuration.Communication) -> SumGroups? {
    settings.reduction == .reproducible ? groups : nil
  }

  /// A sum of the configured kind.
  func sum(
    _ communicator: any Communicator, _ settings: Configuration.Communication, _ kernels: Kernels
  ) -> any OrderedSum {
    if let groups = groups(settings) {
      return GroupedSum(
        communicator, groups, capacity: capacity, wire: settings.wire, hosts: layout.hosts, kernels: kernels)
    }
    switch settings.reduction {
    case .native: return BlockingSum { pieces throws(MessagePassingError) in try communicator.sum(pieces[0]) }
    case .reproducible:
      let sum = ReproducibleSum(
        communicator, order: order, capacity: capacity, wire: settings.wire, kernels: kernels)
      return BlockingSum { pieces throws(MessagePassingError) in try sum.add(pieces) }
    }
  }

  /// Bytes that such a sum allocates.
  func byteCount(_ settings: Configuration.Communication) -> Int {
    if let groups = groups(settings) { return GroupedSum.byteCount(groups, capacity: capacity, wire: settings.wire) }
    return settings.reduction == .native
      ? 0
      : ReproducibleSum.byteCount(worldSize: layout.hosts.count, order: order, capacity: capacity, wire: settings.wire)
  }
}
