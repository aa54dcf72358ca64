/// Finds which of a list of values are its `wanted` largest, equal values by lowest index, without sorting.
///
/// The threshold is built bit by bit from the most significant one: it is the largest number that `wanted` values reach.
/// Nonnegative floats are ordered as their bit patterns are, so these are compared as integers.
struct LargestValues {
  /// Marks an element that is no candidate.
  static let excluded: Int32 = -1

  /// Bit pattern of the smallest value selected.
  private let threshold: Int32
  /// How many values equal to the threshold may still be taken.
  private var remainingEqual: Int

  /// The sort key of a value that is not negative. NaN counts as infinite, so that it is found first and not lost.
  @inline(__always) static func key(_ value: Float) -> Int32 {
    Int32(bitPattern: (value >= 0 ? value : .infinity).bitPattern)
  }

  /// The value of a key.
  @inline(__always) static func value(_ key: Int32) -> Float {
    Float(bitPattern: UInt32(bitPattern: key))
  }

  /// - Precondition: 0 < `wanted` ≤ number of keys that are not `excluded`.
  init(_ wanted: Int, ofKeys keys: UnsafePointer<Int32>, count: Int) {
    var threshold: Int32 = 0
    for bit in (0..<31 as Range<Int32>).reversed() {
      let trial = threshold | (1 << bit)
      if Self.number(of: keys, count: count, atLeast: trial) >= wanted { threshold = trial }
    }
    self.threshold = threshold
    remainingEqual =
      threshold == .max ? wanted : wanted - Self.number(of: keys, count: count, atLeast: threshold + 1)
  }

  /// Whether the element with this key is selected; to be asked once for each element in ascending order.
  @inline(__always) mutating func takes(_ key: Int32) -> Bool {
    if key > threshold { return true }
    if key < threshold || remainingEqual == 0 { return false }
    remainingEqual -= 1
    return true
  }

  private static func number(of keys: UnsafePointer<Int32>, count: Int, atLeast bound: Int32) -> Int {
    var number: Int32 = 0
    for index in 0..<count {
      number &+= keys[index] >= bound ? 1 : 0
    }
    return Int(number)
  }
}
