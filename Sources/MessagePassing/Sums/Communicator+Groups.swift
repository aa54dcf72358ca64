/// What all ranks tell each other along ``SumGroups``, so that each talks to few others. All calls are collective.
extension Communicator {
  /// Any number of bytes of every rank, in rank order, at all ranks.
  package func allGather(_ own: [UInt8], along groups: SumGroups) throws(MessagePassingError) -> [[UInt8]] {
    let counting = withUnsafeBytes(of: own.count) { GroupedGather(self, groups, $0) }
    try complete(counting)
    let counts = (0..<worldSize).map { counting.bytes(of: $0).withUnsafeBytes { $0.load(as: Int.self) } }
    let gather = own.withUnsafeBytes { GroupedGather(self, groups, $0, counts: counts) }
    try complete(gather)
    return counts.indices.map { gather.bytes(of: $0) }
  }

  /// Equally many bytes of every rank, in rank order, at all ranks.
  func allGather(
    _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, along groups: SumGroups
  ) throws(MessagePassingError) {
    let gather = GroupedGather(self, groups, own)
    try complete(gather)
    gather.copy(to: all)
  }

  /// Any number of bytes of every rank, in rank order, at rank 0; other ranks get nothing.
  func gather(_ own: [UInt8], along groups: SumGroups) throws(MessagePassingError) -> [[UInt8]] {
    let counts = try allGather(own.count)
    /// How many bytes the ranks from one on have together.
    func count(from rank: Int, _ ranks: Int) -> Int { counts[rank..<rank + ranks].reduce(0, +) }
    var bytes = own
    for (index, level) in groups.levels.enumerated() where rank.isMultiple(of: level.distance) {
      let members = groups.members(index, of: rank)
      var parts = members.map { [UInt8](repeating: 0, count: $0 == rank ? 0 : count(from: $0, level.distance)) }
      guard members[0] == rank else {
        try send(&bytes, to: members[0])
        return []
      }
      for member in members.indices.dropFirst() { try receive(&parts[member], from: members[member]) }
      bytes += parts.joined()
    }
    var rest = bytes[...]
    return counts.map { count in
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
  }

  private func send(_ bytes: inout [UInt8], to other: Int) throws(MessagePassingError) {
    try bytes.withUnsafeMutableBufferPointer { (bytes) throws(MessagePassingError) in
      try complete([Message(sending: UnsafeMutableRawBufferPointer(bytes), to: other, tag: Self.gatherTag)])
    }
  }

  private func receive(_ bytes: inout [UInt8], from other: Int) throws(MessagePassingError) {
    try bytes.withUnsafeMutableBufferPointer { (bytes) throws(MessagePassingError) in
      try complete([Message(receiving: UnsafeMutableRawBufferPointer(bytes), from: other, tag: Self.gatherTag)])
    }
  }

  private func complete(_ messages: [Message]) throws(MessagePassingError) {
    let sent = try start(messages)
    try wait { () throws(MessagePassingError) in try sent.areDone() }
  }

  /// Copies the bytes of rank `root` to all ranks; the count is the same everywhere.
  ///
  /// The root gives each rank a part, and the ranks show each other the parts: in all twice the bytes through the link of a rank, where
  /// passing on all of them takes as often the bytes as the number of ranks has binary digits.
  package func broadcast(
    _ bytes: UnsafeMutableRawBufferPointer, from root: Int, along groups: SumGroups
  ) throws(MessagePassingError) {
    guard worldSize > 1 else { return }
    let parts = SumGroups.parts(of: 0..<bytes.count, worldSize)
    /// Ranks counted from the root: number n gets part n.
    func number(_ rank: Int) -> Int { (rank - root + worldSize) % worldSize }
    let own = number(rank)
    for (index, level) in groups.levels.enumerated().reversed() where own.isMultiple(of: level.distance) {
      /// What a number passes on to those behind it.
      func block(_ number: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
          rebasing: bytes[parts[number].lowerBound..<parts[number + level.distance - 1].upperBound])
      }
      let members = groups.members(index, of: own)
      func place(_ number: Int) -> Int { (number + root) % worldSize }
      try complete(
        members[0] == own
          ? members.dropFirst().map { Message(sending: block($0), to: place($0), tag: Self.broadcastTag) }
          : [Message(receiving: block(own), from: place(members[0]), tag: Self.broadcastTag)])
    }
    let gather = GroupedGather(
      self, groups, UnsafeRawBufferPointer(rebasing: bytes[parts[own]]),
      counts: (0..<worldSize).map { parts[number($0)].count })
    try complete(gather)
    for rank in 0..<worldSize {
      UnsafeMutableRawBufferPointer(rebasing: bytes[parts[number(rank)]]).copyBytes(from: gather.bytes(of: rank))
    }
  }

  // Not those of sums and of ``GroupedGather``.
  private static var broadcastTag: Int { 2000 }
  private static var gatherTag: Int { 2001 }

  private func complete(_ gather: GroupedGather) throws(MessagePassingError) {
    try gather.begin()
    try wait { () throws(MessagePassingError) in
      _ = try gather.advance()
      return gather.isOver
    }
  }

  private func wait(_ isOver: () throws(MessagePassingError) -> Bool) throws(MessagePassingError) {
    var pause = PollingPause()
    while try !isOver() { pause.wait() }
  }
}
