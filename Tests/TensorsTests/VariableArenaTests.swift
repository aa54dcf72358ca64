import Tensors
import Testing

struct VariableArenaTests {
  /// Two layers of a kernel, a bias and a running average each, laid out as models do it.
  private func layout() -> (VariableLayout, layers: [[Variable]]) {
    func build(_ layout: inout VariableLayout) -> [[Variable]] {
      (0..<2).map { layer in
        [
          layout.add(
            "kernel\(layer)", .kernel(height: 1, width: 1, input: 3, output: 7), start: .random, update: .weight),
          layout.add("bias\(layer)", .vector(count: 7), start: .constant(0), update: .bias(rateMultiplier: 1)),
          layout.add("mean\(layer)", .vector(count: 7), start: .constant(0), update: .average(momentum: 0.1)),
        ]
      }
    }
    var first = VariableLayout()
    _ = build(&first)
    var layout = VariableLayout(arranging: first)
    return (layout, build(&layout))
  }

  /// The window of a larger layer reaches into the averages' part of the arena, but not into their memory.
  @Test(arguments: [48, 64, 160])
  func `A window shows one layer at a time with clean padding, and all running averages`(window: Int) {
    let (layout, layers) = layout()
    let arena = VariableArena(layout, window: window)
    for (index, variables) in layers.enumerated() {
      arena[variables[2]].update(repeating: Float(index + 10))
    }
    for (index, variables) in layers.enumerated().reversed() {
      let range = index * 48..<index * 48 + 48
      arena.show(range, of: variables)
      #expect(variables[0].range.lowerBound == range.lowerBound)
      for variable in variables.dropLast() { arena[variable].update(repeating: Float(index + 1)) }
      let values = Array(UnsafeBufferPointer(start: arena.at(range), count: range.count))
      for place in range {
        let isPadding = !variables.contains { $0.range.contains(place) }
        #expect(values[place - range.lowerBound] == (isPadding ? 0 : Float(index + 1)), "\(place)")
      }
      // What the window holds of the other layer is not cleared, but for the padding.
      arena.at(range).update(repeating: 99, count: range.count)
    }
    for (index, variables) in layers.enumerated() {
      #expect(arena[variables[2]].allSatisfy { $0 == Float(index + 10) })
    }
  }

  @Test func `Of a whole arena all is there`() {
    let (layout, layers) = layout()
    let arena = VariableArena(layout)
    for (index, variable) in layers.joined().enumerated() { arena[variable].update(repeating: Float(index)) }
    arena.show(0..<48, of: layers[0])
    for (index, variable) in layers.joined().enumerated() {
      #expect(arena[variable].allSatisfy { $0 == Float(index) })
      #expect(arena.at(variable.range) == arena.values.baseAddress! + variable.range.lowerBound)
    }
  }
}
