/// Bytes of every rank that come together at all ranks along ``SumGroups``: on each level what a group has is shown to all of it. A rank so
/// talks to few others, and nobody waits in a call.
package final class GroupedGather {
  private let communicator: any Communicator
  private let groups: SumGroups
  /// Where the bytes of each rank begin, and where those of the last one end.
  private let offsets: [Int]
  private let bytes: UnsafeMutableRawBufferPointer
  private var level = 0
  private var messages: (any MessagesUnderWay)?

  /// Tags from here on are not those of sums.
  private static let firstTag = 1000

  /// Prepares to gather what this rank has, the same count as every other.
  package convenience init(_ communicator: any Communicator, _ groups: SumGroups, _ own: UnsafeRawBufferPointer) {
    self.init(communicator, groups, own, counts: Array(repeating: own.count, count: communicator.worldSize))
  }

  /// Prepares to gather what this rank has.
  ///
  /// - Parameter counts: how many bytes each rank has, known to all.
  package init(_ communicator: any Communicator, _ groups: SumGroups, _ own: UnsafeRawBufferPointer, counts: [Int]) {
    precondition(groups.worldSize == communicator.worldSize, "groups of \(groups.worldSize) ranks")
    precondition(counts.count == groups.worldSize && counts[communicator.rank] == own.count, "counts of other ranks")
    (self.communicator, self.groups) = (communicator, groups)
    offsets = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    bytes = .allocate(byteCount: offsets[counts.count], alignment: 64)
    ranks(communicator.rank..<communicator.rank + 1).copyMemory(from: own)
  }

  deinit { bytes.deallocate() }

  /// Whether everything is here.
  package var isOver: Bool { level == groups.levels.count }

  /// Those of all ranks, in rank order, once it is over.
  package var all: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }

  /// Copies those of all ranks, in rank order, once it is over.
  package func copy(to all: UnsafeMutableRawBufferPointer) { all.copyMemory(from: UnsafeRawBufferPointer(bytes)) }

  /// A copy of those of one rank, once it is over.
  package func bytes(of rank: Int) -> [UInt8] { Array(ranks(rank..<rank + 1)) }

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
      return ranks(first..<first + distance)
    }
    let own = communicator.rank
    let others = groups.members(level, of: own).filter { $0 != own }
    messages = try communicator.start(
      others.map { Message(receiving: block($0), from: $0, tag: Self.firstTag + level) }
        + others.map { Message(sending: block(own), to: $0, tag: Self.firstTag + level) })
  }

  private func ranks(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: bytes[offsets[range.lowerBound]..<offsets[range.upperBound]])
  }
}
