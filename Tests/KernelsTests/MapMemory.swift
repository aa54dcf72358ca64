import Kernels

/// A map that a kernel reads or writes, in its precision.
final class MapMemory: WatchedMemory {
  private enum Storage {
    case floats(Memory<Float>)
    case bits(Memory<UInt16>)
  }

  let precision: Precision
  /// Numbers that are the kernel's.
  let count: Int
  private let storage: Storage

  /// Memory without values.
  init(_ count: Int, _ precision: Precision) {
    self.precision = precision
    self.count = count
    storage = precision == .float32 ? .floats(Memory(count)) : .bits(Memory(count))
  }

  /// The first number.
  var start: UnsafeMutableRawPointer {
    switch storage {
    case .floats(let memory): UnsafeMutableRawPointer(memory.start)
    case .bits(let memory): UnsafeMutableRawPointer(memory.start)
    }
  }

  /// The kernel's numbers as they are; setting one rounds it, and is not what is looked for as a change.
  subscript(index: Int) -> Float {
    get {
      switch storage {
      case .floats(let memory): memory[index]
      case .bits(let memory): Float(bfloat16Bits: memory[index])
      }
    }
    set {
      switch storage {
      case .floats(let memory): memory[index] = newValue
      case .bits(let memory): memory[index] = UInt16(newValue.bfloat16.bitPattern >> 16)
      }
    }
  }

  /// The numbers as they were set.
  func initial(_ index: Int) -> Float {
    switch storage {
    case .floats(let memory): memory.initial(index)
    case .bits(let memory): Float(bfloat16Bits: memory.initial(index))
    }
  }

  /// Notes that the kernel may write a number.
  func markResult(_ index: Int) {
    switch storage {
    case .floats(let memory): memory.markResult(index)
    case .bits(let memory): memory.markResult(index)
    }
  }

  var strayChange: Int? {
    switch storage {
    case .floats(let memory): memory.strayChange
    case .bits(let memory): memory.strayChange
    }
  }
}

extension Float {
  fileprivate init(bfloat16Bits bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }
}

extension Trial {
  /// A map with numbers in −1 ..< 1.
  func mapNumbers(_ count: Int) -> MapMemory {
    let map = unsetMap(count)
    for i in 0..<count { map[i] = number() }
    return map
  }

  /// A map that the kernel is to fill.
  func unsetMap(_ count: Int, _ writing: MapWriting = .sets) -> MapMemory {
    watch(MapMemory(count, writing == .setsFloats ? .float32 : precision))
  }

  /// A map that the kernel is to write in a certain way.
  func map(_ count: Int, _ writing: MapWriting) -> MapMemory {
    writing == .adds ? mapNumbers(count) : unsetMap(count, writing)
  }

  /// Compares a number, which is rounded when it is written.
  func expect(_ map: MapMemory, _ index: Int, _ expected: Sum) {
    map.markResult(index)
    require(
      expected.admits(map[index], isBFloat16: map.precision == .bfloat16),
      "[\(index)] is \(map[index]), not \(expected.text)")
  }

  /// Compares a number that has one value.
  func expect(_ map: MapMemory, _ index: Int, is expected: Float) {
    map.markResult(index)
    let isEqual = map[index] == expected || (map[index].isNaN && expected.isNaN)
    require(isEqual, "[\(index)] is \(map[index]), not \(expected)")
  }

  /// What a kernel had for a number before it was rounded and written.
  func unrounded(_ map: MapMemory, _ index: Int, _ expected: Sum) -> Sum {
    map.precision == .float32 ? Sum(exactly: map[index]) : expected
  }
}
