import Kernels
import Randomness

/// Calls of one kernel, of one instruction set and precision, with one size, and what they did wrong.
final class Trial {
  let kernels: Kernels
  let precision: Precision
  /// The dimension that is tested: channels, columns, numbers.
  let size: Int
  var stream: RandomStream
  private var memories: [any WatchedMemory] = []
  private var faults: [String] = []

  init(_ kernels: Kernels, _ precision: Precision, size: Int) {
    self.kernels = kernels
    self.precision = precision
    self.size = size
    stream = RandomStream(seed: 12, purpose: .test, key: UInt64(size))
  }

  var maps: MapKernels { kernels.maps(precision) }
  var tiles: TileKernels { kernels.tiles! }
  /// The size, or 1 where the kernel wants some.
  var positiveSize: Int { max(size, 1) }

  /// A number in −1 ..< 1.
  func number() -> Float { stream.uniform(-1, 1) }

  /// Memory with numbers in −1 ..< 1.
  func numbers(_ count: Int) -> Memory<Float> { watch(Memory((0..<count).map { _ in number() })) }

  /// Memory with bytes.
  func bytes(_ count: Int) -> Memory<UInt8> {
    watch(Memory((0..<count).map { _ in UInt8(stream.integer(below: 256)) }))
  }

  /// Memory that the kernel is to fill.
  func unset<Element>(_ count: Int, of type: Element.Type = Float.self) -> Memory<Element> { watch(Memory(count)) }

  /// Looks for stray changes in the end.
  func watch<Watched: WatchedMemory>(_ memory: Watched) -> Watched {
    memories.append(memory)
    return memory
  }

  /// Notes a fault.
  func require(_ condition: Bool, _ fault: @autoclosure () -> String) {
    if !condition { faults.append("\(kernels.instructionSet) \(precision), size \(size): \(fault())") }
  }

  /// Compares a number.
  func expect(_ memory: Memory<Float>, _ index: Int, _ expected: Sum) {
    memory.markResult(index)
    require(expected.admits(memory[index]), "[\(index)] is \(memory[index]), not \(expected.text)")
  }

  /// Compares a number that has one value.
  func expect<Element: Equatable>(_ memory: Memory<Element>, _ index: Int, is expected: Element) {
    memory.markResult(index)
    let isEqual = memory[index] == expected || (memory[index] != memory[index] && expected != expected)
    require(isEqual, "[\(index)] is \(memory[index]), not \(expected)")
  }

  /// All faults of the calls so far.
  func finish() -> [String] {
    for memory in memories {
      if let place = memory.strayChange { require(false, "[\(place)] has changed and should not have") }
    }
    memories = []
    return faults
  }
}

/// Bounds of every kind: none, one, two.
let everyBounds = [
  Bounds(lower: -.infinity, upper: .infinity), Bounds(lower: 0, upper: .infinity), Bounds(lower: -0.25, upper: 0.5),
]

extension Bounds {
  /// The nearest number inside.
  func clamp(_ value: Float) -> Float { min(max(value, lower), upper) }
  /// Whether the activation has a slope where its value is this.
  func passes(_ value: Float) -> Bool { lower < value && value < upper }
}
