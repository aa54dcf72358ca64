import Kernels

/// A sum over all ranks whose every bit is a function of the terms and their order, not of ranks, message sizes, timing or algorithm.
///
/// Each rank holds the pieces of its ``SummationOrder/Share``: one, if the ranks are a power of two. Each rank owns one part of the values,
/// receives that part of every piece, adds them along the tree and sends the sum to all: with one piece each as many bytes as a ring, in two
/// steps.
package final class ReproducibleSum {
  private let communicator: any Communicator
  private let wire: WireFormat
  private let kernels: Kernels
  private let shares: [SummationOrder.Share]
  private let received: UnsafeMutableBufferPointer<Float>
  private let sent16: UnsafeMutableBufferPointer<UInt16>
  private let received16: UnsafeMutableBufferPointer<UInt16>
  private let terms: UnsafeMutableBufferPointer<Float>

  /// Elements that are added together, few enough for the cache.
  private static let blockCount = 2048

  /// Allocates memory for sums of up to `capacity` values.
  ///
  /// - Parameter order: the tree of all terms, which the ranks share evenly.
  package init(
    _ communicator: any Communicator, order: SummationOrder, capacity: Int, wire: WireFormat, kernels: Kernels
  ) {
    self.communicator = communicator
    self.wire = wire
    self.kernels = kernels
    shares = order.shares(worldSize: communicator.worldSize)
    let counts = Self.counts(shares, capacity: capacity, wire: wire)
    received = .allocate(capacity: counts.floats)
    sent16 = .allocate(capacity: counts.sent16)
    received16 = .allocate(capacity: counts.received16)
    terms = .allocate(capacity: Self.pieceCount(shares) * Self.blockCount)
  }

  deinit {
    received.deallocate()
    sent16.deallocate()
    received16.deallocate()
    terms.deallocate()
  }

  /// Bytes that sums of up to `capacity` values take.
  package static func byteCount(worldSize: Int, order: SummationOrder, capacity: Int, wire: WireFormat) -> Int {
    let shares = order.shares(worldSize: worldSize)
    let counts = counts(shares, capacity: capacity, wire: wire)
    return 4 * (counts.floats + pieceCount(shares) * blockCount) + 2 * (counts.sent16 + counts.received16)
  }

  private static func pieceCount(_ shares: [SummationOrder.Share]) -> Int { shares.reduce(0) { $0 + $1.pieces.count } }

  private static func counts(
    _ shares: [SummationOrder.Share], capacity: Int, wire: WireFormat
  ) -> (floats: Int, sent16: Int, received16: Int) {
    let part = SumGroups.parts(of: 0..<capacity, shares.count).map(\.count).max() ?? 0
    let all = pieceCount(shares) * part
    return wire == .float32 ? (all, 0, 0) : (0, capacity, all)
  }

  /// Replaces the first of the rank's pieces by the sum over all pieces of all ranks.
  ///
  /// - Precondition: all ranks call with as many pieces as their share has, all of the same size, at most the capacity.
  package func add(_ pieces: [UnsafeMutableBufferPointer<Float>]) throws(MessagePassingError) {
    precondition(pieces.count == shares[communicator.rank].pieces.count, "\(pieces.count) pieces")
    guard communicator.worldSize > 1, !pieces[0].isEmpty else { return }
    let parts = SumGroups.parts(of: 0..<pieces[0].count, communicator.worldSize)
    let own = parts[communicator.rank]
    let sum = UnsafeMutableBufferPointer(rebasing: pieces[0][own])
    switch wire {
    case .float32:
      try exchange(pieces, parts, received)
      addInOrder(into: sum) { position, range, _ in received.baseAddress! + position * own.count + range.lowerBound }
      try communicator.allGather(pieces[0], parts: parts)
    case .bfloat16:
      let sent = UnsafeMutableBufferPointer(rebasing: sent16[..<pieces[0].count])
      try exchange(pieces, parts, received16) { piece in
        kernels.encodeBFloat16(piece.baseAddress!, to: sent.baseAddress!, count: piece.count)
        return sent
      }
      addInOrder(into: sum) { position, range, term in
        let bits = received16.baseAddress! + position * own.count + range.lowerBound
        kernels.decodeBFloat16(bits, to: term, count: range.count)
        return term
      }
      if let start = sum.baseAddress {
        kernels.encodeBFloat16(start, to: sent.baseAddress! + own.lowerBound, count: own.count)
      }
      try communicator.allGather(sent, parts: parts)
      kernels.decodeBFloat16(sent.baseAddress!, to: pieces[0].baseAddress!, count: sent.count)
    }
  }

  private func exchange(
    _ pieces: [UnsafeMutableBufferPointer<Float>], _ parts: [Range<Int>], _ received: UnsafeMutableBufferPointer<Float>
  ) throws(MessagePassingError) {
    try exchange(pieces, parts, received) { $0 }
  }

  /// Sends first pieces, then second pieces, and so on; `encode` turns a piece into what is sent.
  private func exchange<Element: WireElement>(
    _ pieces: [UnsafeMutableBufferPointer<Float>], _ parts: [Range<Int>],
    _ received: UnsafeMutableBufferPointer<Element>,
    encode: (UnsafeMutableBufferPointer<Float>) -> UnsafeMutableBufferPointer<Element>
  ) throws(MessagePassingError) {
    let part = parts[communicator.rank].count
    var position = 0
    for round in 0..<(shares.map(\.pieces.count).max() ?? 0) {
      let senders = shares.indices.filter { shares[$0].pieces.count > round }
      let target = UnsafeMutableBufferPointer(rebasing: received[position * part..<(position + senders.count) * part])
      try communicator.exchange(
        encode(round < pieces.count ? pieces[round] : pieces[0]), parts: parts, senders: senders, received: target)
      position += senders.count
    }
  }

  /// The place of every piece among those received, and the merges behind it, in the order of the tree: rank by rank.
  private lazy var program: [(position: Int, merges: Int)] = {
    var positions: [[Int]] = shares.map { _ in [] }
    var position = 0
    for round in 0..<(shares.map(\.pieces.count).max() ?? 0) {
      for rank in shares.indices where shares[rank].pieces.count > round {
        positions[rank].append(position)
        position += 1
      }
    }
    return zip(positions, shares).flatMap { zip($0, $1.pieces).map { ($0, $1) } }
  }()

  /// Adds all pieces, block by block. `term` says where a received piece's block is, or writes it to the given place; it may be
  /// overwritten.
  private func addInOrder(
    into sum: UnsafeMutableBufferPointer<Float>,
    term: (_ position: Int, _ range: Range<Int>, _ place: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float>
  ) {
    var stack: [UnsafeMutablePointer<Float>] = []
    for start in stride(from: 0, to: sum.count, by: Self.blockCount) {
      let range = start..<min(start + Self.blockCount, sum.count)
      for (position, merges) in program {
        stack.append(term(position, range, terms.baseAddress! + position * Self.blockCount))
        for _ in 0..<merges {
          let right = stack.removeLast()
          let left = stack[stack.count - 1]
          wire.add(right, to: left, count: range.count, kernels)
        }
      }
      (sum.baseAddress! + start).update(from: stack.removeLast(), count: range.count)
    }
  }
}
