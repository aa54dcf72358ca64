import Files
import Tensors

extension ContentHash {
  /// Of weights, momentum and average.
  package init(_ state: TrainingState) {
    self.init()
    for (_, arena) in state.arenas { add(arena) }
  }

  package mutating func add(_ arena: VariableArena) {
    // Four chains, because one would wait for its own multiplication.
    var lanes: SIMD4<UInt64> = [1, 2, 3, 4] &+ SIMD4(repeating: value)
    arena.values.withMemoryRebound(to: SIMD4<UInt64>.self) { words in
      for word in words {
        lanes = (lanes ^ word) &* SIMD4(repeating: 0x100_0000_01B3)
        lanes ^= lanes &>> SIMD4(repeating: 29)
      }
    }
    for lane in 0..<4 { add(lanes[lane]) }
  }
}
