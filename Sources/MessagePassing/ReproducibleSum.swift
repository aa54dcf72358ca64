/// How numbers go over the wire.
public enum WireFormat: String, Sendable, CaseIterable {
  /// As they are.
  case float32
  /// Rounded to half the bytes: contributions before they are added, in float32, and sums once more.
  case bfloat16
}

/// A sum over all ranks whose every bit is a function of the terms and their order, not of message sizes, timing or algorithm.
///
/// Each rank owns one part of the values, receives that part of every rank, adds them along the ``SummationOrder`` of the ranks and
/// sends the sum to all: as many bytes as a ring, in two steps. With ``WireFormat/bfloat16`` all ranks still get the same bits, but they
/// depend on the number of ranks.
public final class ReproducibleSum {
  private let communicator: any Communicator
  private let wire: WireFormat
  private let order: SummationOrder
  private let received: UnsafeMutableBufferPointer<Float>
  private let sent16: UnsafeMutableBufferPointer<UInt16>
  private let received16: UnsafeMutableBufferPointer<UInt16>
  private let terms: UnsafeMutableBufferPointer<Float>

  /// Elements that are added together, few enough for the cache.
  private static let blockCount = 2048

  /// Allocates memory for sums of up to `capacity` values.
  public init(_ communicator: any Communicator, capacity: Int, wire: WireFormat) {
    self.communicator = communicator
    self.wire = wire
    order = SummationOrder(count: communicator.worldSize)
    let counts = Self.counts(worldSize: communicator.worldSize, capacity: capacity, wire: wire)
    received = .allocate(capacity: counts.floats)
    sent16 = .allocate(capacity: counts.sent16)
    received16 = .allocate(capacity: counts.received16)
    terms = .allocate(capacity: communicator.worldSize * Self.blockCount)
  }

  deinit {
    received.deallocate()
    sent16.deallocate()
    received16.deallocate()
    terms.deallocate()
  }

  /// Bytes that sums of up to `capacity` values take.
  public static func byteCount(worldSize: Int, capacity: Int, wire: WireFormat) -> Int {
    let counts = counts(worldSize: worldSize, capacity: capacity, wire: wire)
    return 4 * (counts.floats + worldSize * blockCount) + 2 * (counts.sent16 + counts.received16)
  }

  private static func counts(
    worldSize: Int, capacity: Int, wire: WireFormat
  ) -> (floats: Int, sent16: Int, received16: Int) {
    let parts = worldSize * (parts(of: capacity, worldSize: worldSize).map(\.count).max() ?? 0)
    return wire == .float32 ? (parts, 0, 0) : (0, capacity, parts)
  }

  /// The part of each rank, in units of sixteen values.
  private static func parts(of count: Int, worldSize: Int) -> [Range<Int>] {
    let unit = 16
    let units = (count + unit - 1) / unit
    return (0..<worldSize).map { rank in
      min(count, units * rank / worldSize * unit)..<min(count, units * (rank + 1) / worldSize * unit)
    }
  }

  /// Replaces `values` by their sum over all ranks.
  ///
  /// - Precondition: all ranks call with equally many values, at most the capacity.
  public func add(_ values: UnsafeMutableBufferPointer<Float>) throws(MessagePassingError) {
    guard communicator.worldSize > 1, !values.isEmpty else { return }
    let parts = Self.parts(of: values.count, worldSize: communicator.worldSize)
    let own = parts[communicator.rank]
    let sum = UnsafeMutableBufferPointer(rebasing: values[own])
    switch wire {
    case .float32:
      try communicator.exchange(values, parts: parts, received: received)
      addInOrder(into: sum) { rank, range, _ in received.baseAddress! + rank * own.count + range.lowerBound }
      try communicator.allGather(values, parts: parts)
    case .bfloat16:
      let sent = UnsafeMutableBufferPointer(rebasing: sent16[..<values.count])
      for index in values.indices { sent[index] = BFloat16.bits(values[index]) }
      try communicator.exchange(sent, parts: parts, received: received16)
      addInOrder(into: sum) { rank, range, term in
        let bits = received16.baseAddress! + rank * own.count + range.lowerBound
        for index in 0..<range.count { term[index] = BFloat16.value(bits[index]) }
        return term
      }
      for index in own { sent[index] = BFloat16.bits(values[index]) }
      try communicator.allGather(sent, parts: parts)
      for index in values.indices { values[index] = BFloat16.value(sent[index]) }
    }
  }

  /// Adds the terms of all ranks, block by block. `term` says where a rank's term of a block is, or writes it to the given place; it
  /// may be overwritten.
  private func addInOrder(
    into sum: UnsafeMutableBufferPointer<Float>,
    term: (_ rank: Int, _ range: Range<Int>, _ place: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float>
  ) {
    var stack: [UnsafeMutablePointer<Float>] = []
    stack.reserveCapacity(order.depth)
    for start in stride(from: 0, to: sum.count, by: Self.blockCount) {
      let range = start..<min(start + Self.blockCount, sum.count)
      for (rank, merges) in order.merges.enumerated() {
        stack.append(term(rank, range, terms.baseAddress! + rank * Self.blockCount))
        for _ in 0..<merges {
          let right = stack.removeLast()
          let left = stack[stack.count - 1]
          for index in 0..<range.count { left[index] += right[index] }
        }
      }
      (sum.baseAddress! + start).update(from: stack.removeLast(), count: range.count)
    }
  }
}
