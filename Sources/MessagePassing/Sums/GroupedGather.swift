/// Equally many bytes of every rank that come together at all ranks along ``SumGroups``: on each level what a group has is shown to all of
/// it. A rank so talks to few others, and nobody waits in a call.
package final class GroupedGather {
  private let communicator: any Communicator
  private let groups: SumGroups
  private let count: Int
  private let bytes: UnsafeMutableRawBufferPointer
  private var level = 0
  private var messages: (any MessagesUnderWay)?

  /// Tags from here on are not those of sums.
  private static let firstTag = 1000

  /// Prepares to gather what this rank has, the same count as every other.
  package init(_ communicator: any Communicator, _ groups: SumGroups, _ own: UnsafeRawBufferPointer) {
    precondition(groups.worldSize == communicator.worldSize, "groups of \(groups.worldSize) ranks")
    (self.communicator, self.groups, count) = (communicator, groups, own.count)
    bytes = .allocate(byteCount: own.count * groups.worldSize, alignment: 64)
    UnsafeMutableRawBufferPointer(rebasing: bytes[ranks(communicator.rank..<communicator.rank + 1)]).copyMemory(
      from: own)
  }

  deinit { bytes.deallocate() }

  /// Whether everything is here.
  package var isOver: Bool { level == groups.levels.count }

  /// Those of all ranks, in rank order, once it is over.
  package var all: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }

  /// Sends the first messages.
  package func begin() throws(MessagePassingError) {
    if !isOver { try send() }
  }

  /// Moves on.
  ///
  /// - Returns: whether it has come a step further.
  package func advance() throws(MessagePassingError) -> Bool {
    var hasMoved = false
    while !isOver, try messages?.areDone() ?? true {
      hasMoved = true
      level += 1
      if !isOver { try send() }
    }
    return hasMoved
  }

  private func send() throws(MessagePassingError) {
    let distance = groups.levels[level].distance
    /// What a rank has shown itself before the level: neighbours in order.
    func block(_ rank: Int) -> UnsafeMutableRawBufferPointer {
      let first = rank / distance * distance
      return UnsafeMutableRawBufferPointer(rebasing: bytes[ranks(first..<first + distance)])
    }
    let own = communicator.rank
    let others = groups.members(level, of: own).filter { $0 != own }
    messages = try communicator.start(
      others.map { Message(receiving: block($0), from: $0, tag: Self.firstTag + level) }
        + others.map { Message(sending: block(own), to: $0, tag: Self.firstTag + level) })
  }

  private func ranks(_ range: Range<Int>) -> Range<Int> { range.lowerBound * count..<range.upperBound * count }
}
