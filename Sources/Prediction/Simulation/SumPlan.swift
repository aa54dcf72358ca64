import MessagePassing

/// How the ranks of a job sum a bucket, as far as time is concerned.
package struct SumPlan: Sendable, Equatable {
  /// Of each rank, the number of its machine.
  package let hosts: [Int]
  /// Who adds with whom; one group of all where every rank sends to every other.
  package let groups: SumGroups
  /// Bytes of a number on the wire.
  package let bytesPerValue: Int
  /// Buckets that are under way together.
  package let atOnce: Int
  /// How often each rank sends the whole bucket to be added: the subtrees that it cannot add by itself.
  package let pieces: Int
  /// Bytes of a message to another machine at most.
  package let messageBytes: Int

  /// Sums along groups as `GroupedSum` has them.
  package init(hosts: [Int], groups: SumGroups, wire: WireFormat) {
    self.init(
      hosts: hosts, groups: groups, bytesPerValue: wire.byteCount, atOnce: 3, pieces: 1,
      messageBytes: GroupedSum.eagerBytes)
  }

  private init(hosts: [Int], groups: SumGroups, bytesPerValue: Int, atOnce: Int, pieces: Int, messageBytes: Int) {
    (self.hosts, self.groups, self.bytesPerValue) = (hosts, groups, bytesPerValue)
    (self.atOnce, self.pieces, self.messageBytes) = (atOnce, pieces, messageBytes)
  }

  /// The plan of training: along groups, or directly where a rank holds several pieces of the tree.
  ///
  /// - Parameter order: the tree of all micro-batches, which the ranks share evenly.
  /// - Returns: nil for one rank.
  package init?(hosts: [Int], order: SummationOrder, wire: WireFormat) {
    guard hosts.count > 1 else { return nil }
    if let groups = RankLayout(hosts: hosts).groups(order) {
      self.init(hosts: hosts, groups: groups, wire: wire)
      return
    }
    self.init(
      hosts: hosts, groups: SumGroups(sizes: [hosts.count]), bytesPerValue: wire.byteCount, atOnce: 1,
      pieces: order.shares(worldSize: hosts.count).map(\.pieces.count).max() ?? 1, messageBytes: .max)
  }

  /// Ranks.
  package var worldSize: Int { hosts.count }
  /// Steps of a sum: the levels from inside to outside, then back.
  var stepCount: Int { 2 * groups.levels.count }
  /// Whether numbers are rounded before they are sent.
  var rounds: Bool { bytesPerValue < 4 }
}
