import Kernels

/// Adds terms that have come over the wire to those of this rank, along a tree, in blocks that the cache holds.
final class TermAdder {
  private let wire: WireFormat
  private let kernels: Kernels
  /// Blocks of terms as float32, where they come as something else.
  private let decoded: UnsafeMutableBufferPointer<Float>
  private let stack: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>>

  /// Numbers of a block.
  private static let blockCount = 2048

  /// - Parameter terms: how many are added at most.
  init(_ wire: WireFormat, _ kernels: Kernels, terms: Int) {
    (self.wire, self.kernels) = (wire, kernels)
    decoded = .allocate(capacity: wire == .float32 ? 0 : terms * Self.blockCount)
    stack = .allocate(capacity: terms)
  }

  deinit {
    decoded.deallocate()
    stack.deallocate()
  }

  /// Replaces this rank's term, which is that of `place` in the order, by the sum. Terms that have come are overwritten.
  ///
  /// - Parameter term: where the others lie, in the format of the wire.
  func add(
    _ order: SummationOrder, into sum: UnsafeMutableBufferPointer<Float>, at place: Int,
    _ term: (Int) -> UnsafeRawPointer
  ) {
    guard let result = sum.baseAddress else { return }
    for start in stride(from: 0, to: sum.count, by: Self.blockCount) {
      let count = min(Self.blockCount, sum.count - start)
      var height = 0
      for member in order.merges.indices {
        stack[height] = member == place ? result + start : block(term(member), member, start, count)
        height += 1
        for _ in 0..<order.merges[member] {
          wire.add(stack[height - 1], to: stack[height - 2], count: count, kernels)
          height -= 1
        }
      }
      if stack[0] != result + start { (result + start).update(from: stack[0], count: count) }
    }
  }

  /// Numbers of a term as float32.
  private func block(_ term: UnsafeRawPointer, _ member: Int, _ start: Int, _ count: Int) -> UnsafeMutablePointer<Float>
  {
    let numbers = UnsafeMutableRawPointer(mutating: term)
    switch wire {
    case .float32: return numbers.assumingMemoryBound(to: Float.self) + start
    case .bfloat16:
      let block = decoded.baseAddress! + member * Self.blockCount
      kernels.decodeBFloat16(numbers.assumingMemoryBound(to: UInt16.self) + start, to: block, count: count)
      return block
    }
  }
}
