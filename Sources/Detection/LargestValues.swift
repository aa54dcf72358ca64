/// Finds which of a list of values are its `wanted` largest, equal values by lowest index, without sorting.
///
/// Nonnegative floats are ordered as their bit patterns are, so these are compared as integers: first their upper bits, by counting how many
/// values have the same ones; then the lower bits of those with the upper bits of the smallest value wanted, bit by bit.
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

  private static let lowerBits: Int32 = 20
  private static let bins = 1 << (31 - Int(lowerBits))

  /// - Precondition: 0 < `wanted` ≤ number of keys that are not `excluded`.
  init(_ wanted: Int, ofKeys keys: UnsafePointer<Int32>, count: Int) {
    (threshold, remainingEqual) = withUnsafeTemporaryAllocation(of: Int32.self, capacity: Self.bins + count) { memory in
      let (counts, candidates) = (memory.baseAddress!, memory.baseAddress! + Self.bins)
      counts.update(repeating: 0, count: Self.bins)
      for index in 0..<count where keys[index] >= 0 { counts[Int(keys[index] >> Self.lowerBits)] += 1 }
      var (bin, wanted) = (Self.bins - 1, wanted)
      while wanted > counts[bin] {
        wanted -= Int(counts[bin])
        bin -= 1
      }
      var candidateCount = 0
      for index in 0..<count where keys[index] >> Self.lowerBits == bin {
        candidates[candidateCount] = keys[index]
        candidateCount += 1
      }
      // The largest number that `wanted` candidates reach.
      var threshold = Int32(bin) << Self.lowerBits
      for bit in (0..<Self.lowerBits).reversed() {
        let trial = threshold | (1 << bit)
        if Self.number(of: candidates, count: candidateCount, atLeast: trial) >= wanted { threshold = trial }
      }
      return (
        threshold,
        threshold == .max
          ? wanted : wanted - Self.number(of: candidates, count: candidateCount, atLeast: threshold + 1)
      )
    }
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
