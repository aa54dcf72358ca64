/// Sums over all ranks along ``SumGroups``, several at a time, whose every bit is that of ``SummationOrder`` in one process.
///
/// Level by level each rank receives its part of what the members of its group hold, adds, and goes on with that part; then the parts come
/// together again, the outermost level first. Each rank sends as many bytes as a ring, to a few others. Several sums are under way at once, so
/// that one waits for the network outside a machine while another goes on inside. They begin and end in one order at all ranks.
package final class GroupedSum {
  private let communicator: any Communicator
  /// Who adds with whom.
  package let groups: SumGroups
  private let runs: [Run]
  private let terms: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>>
  /// Bytes of a message at most, by the rank that it goes to.
  private let messageBytes: [Int]

  /// Sums that have begun.
  package private(set) var begun = 0
  /// Sums that have ended, as have all that began before.
  package private(set) var ended = 0
  /// What was sent.
  package private(set) var traffic = Traffic()

  /// Messages and bytes that a rank has sent.
  package struct Traffic: Sendable, Equatable {
    package var messages = 0
    package var bytes = 0

    package init(messages: Int = 0, bytes: Int = 0) { (self.messages, self.bytes) = (messages, bytes) }
  }

  /// Elements that are added together, few enough for the cache.
  private static let blockCount = 2048

  /// Bytes that Open MPI sends over TCP without asking first, less its header. A longer message waits for an answer, which on one
  /// connection queues behind the data that come the other way.
  package static let eagerBytes = 64_000

  /// Allocates memory for sums of up to `capacity` values.
  ///
  /// - Parameters:
  ///   - hosts: of each rank, the number of its machine. Messages to others go in pieces of ``eagerBytes``.
  ///   - atOnce: how many sums may be under way.
  package init(_ communicator: any Communicator, _ groups: SumGroups, capacity: Int, hosts: [Int], atOnce: Int = 3) {
    precondition(groups.worldSize == communicator.worldSize, "groups of \(groups.worldSize) ranks")
    self.communicator = communicator
    self.groups = groups
    runs = (0..<atOnce).map { Run(tag: $0 * 2 * groups.levels.count, received: groups.received(capacity: capacity)) }
    terms = .allocate(capacity: groups.levels.map(\.size).max() ?? 1)
    messageBytes = hosts.map { $0 == hosts[communicator.rank] ? 1 << 30 : Self.eagerBytes }
  }

  deinit { terms.deallocate() }

  /// Bytes that sums of up to `capacity` values take.
  package static func byteCount(_ groups: SumGroups, capacity: Int, atOnce: Int = 3) -> Int {
    atOnce * groups.received(capacity: capacity) * MemoryLayout<Float>.stride
  }

  /// Whether another sum can begin.
  package var hasRoom: Bool { begun - ended < runs.count }

  /// Begins the sum of each rank's values, which it will replace.
  ///
  /// - Precondition: there is room, and all ranks begin with equally many values, at most the capacity.
  package func begin(_ values: UnsafeMutableBufferPointer<Float>) throws(MessagePassingError) {
    precondition(hasRoom, "\(begun - ended) sums are under way")
    let run = runs[begun % runs.count]
    begun += 1
    run.begin(values, groups.ranges(count: values.count, of: communicator.rank))
    try send(run)
  }

  /// Sums and waits.
  package func add(_ values: UnsafeMutableBufferPointer<Float>) throws(MessagePassingError) {
    var pause = PollingPause()
    try begin(values)
    while ended < begun { if try advance() { pause.reset() } else { pause.wait() } }
  }

  /// Moves all sums on.
  ///
  /// - Returns: whether one of them has come a step further.
  package func advance() throws(MessagePassingError) -> Bool {
    var hasMoved = false
    for number in ended..<begun {
      let run = runs[number % runs.count]
      while !run.isOver(groups), try run.messages?.areDone() ?? true {
        hasMoved = true
        if run.step < groups.levels.count { add(run) }
        run.step += 1
        if !run.isOver(groups) { try send(run) }
      }
    }
    while ended < begun, runs[ended % runs.count].isOver(groups) { ended += 1 }
    return hasMoved
  }

  /// A sum under way.
  private final class Run {
    let tag: Int
    let received: UnsafeMutableBufferPointer<Float>
    var values = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
    /// What the rank holds before each level, and behind the last one.
    var ranges: [Range<Int>] = []
    /// Levels inwards to outwards, then back.
    var step = 0
    var messages: (any MessagesUnderWay)?

    init(tag: Int, received: Int) {
      self.tag = tag
      self.received = .allocate(capacity: received)
    }

    deinit { received.deallocate() }

    func begin(_ values: UnsafeMutableBufferPointer<Float>, _ ranges: [Range<Int>]) {
      (self.values, self.ranges, step) = (values, ranges, 0)
    }

    func isOver(_ groups: SumGroups) -> Bool { step == 2 * groups.levels.count }

    func part(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(rebasing: values[range])
    }

    /// Where the part of the member comes to that is so many places behind this rank.
    func place(_ member: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(rebasing: received[(member - 1) * count..<member * count])
    }
  }

  /// Sends what the step of a run wants, and posts what comes, first: a message that is expected needs no copy.
  private func send(_ run: Run) throws(MessagePassingError) {
    let isInwards = run.step < groups.levels.count
    let level = isInwards ? run.step : 2 * groups.levels.count - 1 - run.step
    let (size, digit) = (groups.levels[level].size, groups.digit(level, of: communicator.rank))
    let members = groups.members(level, of: communicator.rank)
    let parts = SumGroups.parts(of: run.ranges[level], size)
    let tag = run.tag + run.step
    var incoming: [Message] = []
    var outgoing: [Message] = []
    // Each rank begins with the member behind it, so that not all send to the same one.
    for behind in 1..<size {
      let (other, rank) = ((digit + behind) % size, members[(digit + behind) % size])
      let place = isInwards ? run.place(behind, count: parts[digit].count) : run.part(parts[other])
      let most = messageBytes[rank]
      incoming += Message.receiving(place, from: rank, tag: tag).pieces(of: most)
      outgoing += Message.sending(run.part(parts[isInwards ? other : digit]), to: rank, tag: tag).pieces(of: most)
    }
    traffic.messages += outgoing.count
    traffic.bytes += outgoing.reduce(0) { $0 + $1.bytes.count }
    run.messages = try communicator.start(incoming + outgoing)
  }

  /// Adds what came to the own part, along the tree of the level.
  private func add(_ run: Run) {
    let level = groups.levels[run.step]
    let own = run.part(run.ranges[run.step + 1])
    let digit = groups.digit(run.step, of: communicator.rank)
    guard let sum = own.baseAddress else { return }
    for start in stride(from: 0, to: own.count, by: Self.blockCount) {
      let count = min(Self.blockCount, own.count - start)
      var height = 0
      for member in 0..<level.size {
        let behind = (member - digit + level.size) % level.size
        terms[height] = (behind == 0 ? sum : run.place(behind, count: own.count).baseAddress!) + start
        height += 1
        for _ in 0..<level.order.merges[member] {
          let (left, right) = (terms[height - 2], terms[height - 1])
          for index in 0..<count { left[index] += right[index] }
          height -= 1
        }
      }
      if terms[0] != sum + start { (sum + start).update(from: terms[0], count: count) }
    }
  }
}
