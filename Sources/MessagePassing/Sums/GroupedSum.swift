import Kernels

/// Sums over all ranks along ``SumGroups``, several at a time, whose every bit is that of ``SummationOrder`` in one process.
///
/// Level by level each rank receives its part of what the members of its group hold, adds, and goes on with that part; then the parts come
/// together again, the outermost level first. Each rank sends as many bytes as a ring, to a few others. Several sums are under way at once, so
/// that one waits for the network outside a machine while another goes on inside. They begin and end in one order at all ranks.
package final class GroupedSum {
  private let communicator: any Communicator
  /// Who adds with whom.
  package let groups: SumGroups
  private let wire: WireFormat
  private let kernels: Kernels
  private let runs: [SumRun]
  private let adder: TermAdder
  private let hosts: [Int]
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

  /// Bytes that Open MPI sends over TCP without asking first, less its header. A longer message waits for an answer, which on one
  /// connection queues behind the data that come the other way.
  package static let eagerBytes = 64_000

  /// Allocates memory for sums of up to `capacity` values.
  ///
  /// - Parameters:
  ///   - wire: what goes over the wire, and what sums are rounded to.
  ///   - hosts: of each rank, the number of its machine. Messages to others go in pieces of ``eagerBytes``.
  ///   - atOnce: how many sums may be under way.
  package init(
    _ communicator: any Communicator, _ groups: SumGroups, capacity: Int, wire: WireFormat = .float32, hosts: [Int],
    kernels: Kernels, atOnce: Int = 3
  ) {
    precondition(groups.worldSize == communicator.worldSize, "groups of \(groups.worldSize) ranks")
    self.communicator = communicator
    (self.groups, self.wire, self.hosts, self.kernels) = (groups, wire, hosts, kernels)
    runs = (0..<atOnce).map {
      SumRun(wire, tag: $0 * 2 * groups.levels.count, capacity: capacity, received: groups.received(capacity: capacity))
    }
    adder = TermAdder(wire, kernels, terms: groups.levels.map(\.size).max() ?? 1)
    messageBytes = hosts.map { $0 == hosts[communicator.rank] ? 1 << 30 : Self.eagerBytes }
  }

  /// Bytes that sums of up to `capacity` values take.
  package static func byteCount(_ groups: SumGroups, capacity: Int, wire: WireFormat, atOnce: Int = 3) -> Int {
    atOnce * SumRun.byteCount(wire, capacity: capacity, received: groups.received(capacity: capacity))
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

  /// Sums and waits. A long sum goes in parts, see ``parts(of:_:hosts:)``.
  package func add(_ values: UnsafeMutableBufferPointer<Float>) throws(MessagePassingError) {
    var pause = PollingPause()
    var parts = Self.parts(of: values.count, groups, hosts: hosts)[...]
    while !parts.isEmpty || ended < begun {
      while hasRoom, let part = parts.popFirst() { try begin(UnsafeMutableBufferPointer(rebasing: values[part])) }
      if try advance() { pause.reset() } else { pause.wait() }
    }
  }

  /// Values of a part of a long sum at least: 1 MB.
  private static let partCount = 256 << 10

  /// The parts of a sum by itself: one, or several where ranks of a machine add to each other before they add to others, so that the network
  /// has something to do meanwhile.
  package static func parts(of count: Int, _ groups: SumGroups, hosts: [Int]) -> [Range<Int>] {
    let isStaged = groups.levels.count > 1 && hosts.contains { $0 != hosts[0] }
    return SumGroups.parts(of: 0..<count, isStaged ? max(1, count / partCount) : 1)
  }

  /// Moves all sums on.
  ///
  /// - Returns: whether one of them has come a step further.
  package func advance() throws(MessagePassingError) -> Bool {
    var hasMoved = false
    for number in ended..<begun {
      let run = runs[number % runs.count]
      while !isOver(run), try run.messages?.areDone() ?? true {
        hasMoved = true
        if run.step < groups.levels.count {
          add(run)
        } else {
          run.finishGathering(range(run), but: run.ranges[level(run) + 1], kernels)
        }
        run.step += 1
        if !isOver(run) { try send(run) }
      }
    }
    while ended < begun, isOver(runs[ended % runs.count]) { ended += 1 }
    return hasMoved
  }

  private func isOver(_ run: SumRun) -> Bool { run.step == 2 * groups.levels.count }

  /// The level of a run's step: inwards to outwards, then back.
  private func level(_ run: SumRun) -> Int { min(run.step, 2 * groups.levels.count - 1 - run.step) }

  /// What the rank held before that level.
  private func range(_ run: SumRun) -> Range<Int> { run.ranges[level(run)] }

  /// Sends what the step of a run wants, and posts what comes, first: a message that is expected needs no copy.
  private func send(_ run: SumRun) throws(MessagePassingError) {
    let isInwards = run.step < groups.levels.count
    let level = level(run)
    let (size, digit) = (groups.levels[level].size, groups.digit(level, of: communicator.rank))
    let members = groups.members(level, of: communicator.rank)
    let parts = SumGroups.parts(of: run.ranges[level], size)
    run.prepare(isInwards ? range(run) : parts[digit], in: range(run), kernels)
    let tag = run.tag + run.step
    var incoming: [Message] = []
    var outgoing: [Message] = []
    // Each rank begins with the member behind it, so that not all send to the same one.
    for behind in 1..<size {
      let (other, rank) = ((digit + behind) % size, members[(digit + behind) % size])
      let place = isInwards ? run.place(behind, count: parts[digit].count) : run.gathered(parts[other])
      let most = messageBytes[rank]
      incoming += Message(receiving: place, from: rank, tag: tag).pieces(of: most)
      outgoing += Message(sending: run.prepared(parts[isInwards ? other : digit]), to: rank, tag: tag).pieces(of: most)
    }
    traffic.messages += outgoing.count
    traffic.bytes += outgoing.reduce(0) { $0 + $1.bytes.count }
    run.messages = try communicator.start(incoming + outgoing)
  }

  /// Adds what came to the own part, along the tree of the level.
  private func add(_ run: SumRun) {
    let level = groups.levels[run.step]
    let own = run.ranges[run.step + 1]
    let digit = groups.digit(run.step, of: communicator.rank)
    adder.add(level.order, into: UnsafeMutableBufferPointer(rebasing: run.values[own]), at: digit) { member in
      UnsafeRawPointer(run.place((member - digit + level.size) % level.size, count: own.count).baseAddress!)
    }
  }
}
