import Kernels

/// A sum of ``GroupedSum`` that is under way: its values, and what of them comes and goes in the format of the wire.
///
/// Float32 goes from where the values are, and comes back there. Other numbers go through memory of their own.
final class SumRun {
  private let wire: WireFormat
  /// The first of the tags of its messages.
  let tag: Int
  private let received: UnsafeMutableRawBufferPointer
  /// Empty for float32.
  private let sent: UnsafeMutableRawBufferPointer

  /// What is summed, and then the sum.
  private(set) var values = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
  /// What the rank holds before each level, and behind the last one.
  private(set) var ranges: [Range<Int>] = []
  /// Levels inwards to outwards, then back.
  var step = 0
  /// Those of the step.
  var messages: (any MessagesUnderWay)?
  /// The first of the values that lie in `sent`, or that come together in `received`.
  private var first = 0

  /// Allocates memory for `capacity` values, of which `received` come at once to be added.
  init(_ wire: WireFormat, tag: Int, capacity: Int, received: Int) {
    (self.wire, self.tag) = (wire, tag)
    let bytes = Self.byteCounts(wire, capacity: capacity, received: received)
    self.received = .allocate(byteCount: bytes.received, alignment: 64)
    sent = .allocate(byteCount: bytes.sent, alignment: 64)
  }

  deinit {
    received.deallocate()
    sent.deallocate()
  }

  /// Bytes that it allocates.
  static func byteCount(_ wire: WireFormat, capacity: Int, received: Int) -> Int {
    let bytes = byteCounts(wire, capacity: capacity, received: received)
    return bytes.received + bytes.sent
  }

  private static func byteCounts(_ wire: WireFormat, capacity: Int, received: Int) -> (received: Int, sent: Int) {
    switch wire {
    case .float32: (received * wire.byteCount, 0)
    case .bfloat16: (max(received, capacity) * wire.byteCount, capacity * wire.byteCount)
    }
  }

  func begin(_ values: UnsafeMutableBufferPointer<Float>, _ ranges: [Range<Int>]) {
    (self.values, self.ranges, step) = (values, ranges, 0)
  }

  /// Puts values that a step sends into the format of the wire.
  ///
  /// - Parameter all: what the members of the group hold together.
  func prepare(_ range: Range<Int>, in all: Range<Int>, _ kernels: Kernels) {
    first = all.lowerBound
    if wire == .bfloat16, !range.isEmpty {
      kernels.encodeBFloat16(
        values.baseAddress! + range.lowerBound, to: numbers(sent) + range.lowerBound - first, count: range.count)
    }
  }

  /// What goes out of values that were prepared.
  func prepared(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    wire == .float32 ? part(range) : part(range, of: sent)
  }

  /// Where values of the sum come to from another rank.
  func gathered(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    wire == .float32 ? part(range) : part(range, of: received)
  }

  /// Takes the values that have come, which are all of a range but the own part of it.
  func finishGathering(_ range: Range<Int>, but own: Range<Int>, _ kernels: Kernels) {
    guard wire == .bfloat16 else { return }
    for part in [range.lowerBound..<own.lowerBound, own.upperBound..<range.upperBound] where !part.isEmpty {
      kernels.decodeBFloat16(
        numbers(received) + part.lowerBound - first, to: values.baseAddress! + part.lowerBound, count: part.count)
    }
  }

  /// Where the terms of the member come to that is so many places behind this rank.
  func place(_ member: Int, count: Int) -> UnsafeMutableRawBufferPointer {
    let bytes = count * wire.byteCount
    return UnsafeMutableRawBufferPointer(rebasing: received[(member - 1) * bytes..<member * bytes])
  }

  private func part(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: values[range]))
  }

  private func part(_ range: Range<Int>, of bytes: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer {
    let (start, end) = (range.lowerBound - first, range.upperBound - first)
    return UnsafeMutableRawBufferPointer(rebasing: bytes[start * wire.byteCount..<end * wire.byteCount])
  }

  private func numbers(_ bytes: UnsafeMutableRawBufferPointer) -> UnsafeMutablePointer<UInt16> {
    bytes.baseAddress!.assumingMemoryBound(to: UInt16.self)
  }
}
