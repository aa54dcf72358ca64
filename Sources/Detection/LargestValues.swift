/// Finds which of a list of values are its `wanted` largest, equal values by lowest index, without sorting.
///
/// Nonnegative floats are ordered as their bit patterns are, so these are compared as integers. An eighth of them tells a bound that somewhat
/// more than the wanted ones should reach; of those that do, the smallest value wanted is found bit by bit.
enum LargestValues {
  /// Marks an element that is no candidate.
  static let excluded: Int32 = -1

  /// The sort key of a value that is not negative. NaN counts as infinite, so that it is found first and not lost.
  @inline(__always) static func key(_ value: Float) -> Int32 {
    Int32(bitPattern: (value >= 0 ? value : .infinity).bitPattern)
  }

  /// The value of a key.
  @inline(__always) static func value(_ key: Int32) -> Float {
    Float(bitPattern: UInt32(bitPattern: key))
  }

  /// Keys that are compared at once.
  private static let lanes = 8
  /// One group of lanes of so many is in the sample.
  private static let sampleStep = 8

  /// Calls `body` with the index of each element selected, in ascending order.
  ///
  /// - Precondition: 0 < `wanted` ≤ number of keys that are not `excluded`.
  @inline(__always) static func forEach(
    _ wanted: Int, ofKeys keys: UnsafePointer<Int32>, count: Int, _ body: (Int) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * count) { memory in
      let (reached, indices) = (memory.baseAddress!, memory.baseAddress! + count)
      var number = collect(keys, count: count, atLeast: sampledBound(wanted, keys, count, reached), reached, indices)
      // A sample that is not like the whole.
      if number < wanted { number = collect(keys, count: count, atLeast: 0, reached, indices) }
      let threshold = smallest(wanted, of: reached, count: number)
      var remainingEqual =
        threshold == .max ? wanted : wanted - self.number(of: reached, count: number, atLeast: threshold + 1)
      for place in 0..<number where reached[place] >= threshold {
        if reached[place] == threshold {
          if remainingEqual == 0 { continue }
          remainingEqual -= 1
        }
        body(Int(indices[place]))
      }
    }
  }

  /// What some more than `wanted` keys should reach, but perhaps do not; 0 where that may be all.
  private static func sampledBound(
    _ wanted: Int, _ keys: UnsafePointer<Int32>, _ count: Int, _ sample: UnsafeMutablePointer<Int32>
  ) -> Int32 {
    let sampleCount = count / (lanes * sampleStep) * lanes
    let expected = Float(wanted) / Float(sampleStep)
    // Four standard deviations above what is expected.
    let rank = Int(expected + 4 * expected.squareRoot()) + 1
    if rank >= sampleCount { return 0 }
    for first in stride(from: 0, to: sampleCount, by: lanes) {
      (sample + first).update(from: keys + first * sampleStep, count: lanes)
    }
    return smallest(rank, of: sample, count: sampleCount)
  }

  /// Copies the keys that reach a bound, and their indices, and returns how many there are.
  private static func collect(
    _ keys: UnsafePointer<Int32>, count: Int, atLeast bound: Int32, _ reached: UnsafeMutablePointer<Int32>,
    _ indices: UnsafeMutablePointer<Int32>
  ) -> Int {
    var number = 0
    func take(_ range: Range<Int>) {
      for index in range {
        // Written in any case: at most `index` have been taken.
        reached[number] = keys[index]
        indices[number] = Int32(truncatingIfNeeded: index)
        number += keys[index] >= bound ? 1 : 0
      }
    }
    let bounds = SIMD8(repeating: bound)
    let whole = count / lanes * lanes
    for first in stride(from: 0, to: whole, by: lanes) {
      if (group(keys, at: first) .>= bounds).hasAny { take(first..<first + lanes) }
    }
    take(whole..<count)
    return number
  }

  @inline(__always) private static func group(_ keys: UnsafePointer<Int32>, at first: Int) -> SIMD8<Int32> {
    UnsafeRawPointer(keys + first).loadUnaligned(as: SIMD8<Int32>.self)
  }

  /// The largest number that `wanted` of the keys reach; 0 where there are not as many that are not excluded.
  private static func smallest(_ wanted: Int, of keys: UnsafePointer<Int32>, count: Int) -> Int32 {
    var threshold: Int32 = 0
    for bit in (0..<31 as Range<Int32>).reversed() {
      let trial = threshold | 1 << bit
      if number(of: keys, count: count, atLeast: trial) >= wanted { threshold = trial }
    }
    return threshold
  }

  /// How many keys reach a bound.
  static func number(of keys: UnsafePointer<Int32>, count: Int, atLeast bound: Int32) -> Int {
    let bounds = SIMD8(repeating: bound)
    let whole = count / lanes * lanes
    var numbers = SIMD8<Int32>.zero
    for first in stride(from: 0, to: whole, by: lanes) {
      let isAbove = group(keys, at: first) .>= bounds
      // A lane that is true is −1.
      numbers &-= unsafeBitCast(isAbove, to: SIMD8<Int32>.self)
    }
    return (whole..<count).reduce(Int(numbers.wrappedSum())) { $0 + (keys[$1] >= bound ? 1 : 0) }
  }
}
