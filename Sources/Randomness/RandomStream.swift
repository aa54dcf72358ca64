import Glibc

/// A reproducible stream of random numbers that is a pure function of its key.
///
/// Whoever needs randomness builds a stream from *what it is for* — (seed, purpose, epoch, image) and the like — so that
/// the numbers do not depend on the order of the work, the number of threads or the number of ranks. The algorithms are
/// written out here because those of the standard library may change between toolchains.
///
/// ### Source
/// SplitMix64: Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014.
package struct RandomStream: Sendable {
  /// Separates streams that share the same numbers in their key. The raw values are part of the reproducibility promise.
  package enum Purpose: UInt64, Sendable {
    case initialization = 1
    case samplingOrder = 2
    case augmentation = 3
    case synthesis = 4
    case test = 5
    case benchmark = 6
    case replacement = 7
    case splitting = 8
    case prediction = 9
  }

  private var state: UInt64

  /// Creates the stream of `key` within `seed` and `purpose`.
  package init(seed: UInt64, purpose: Purpose, key: UInt64...) {
    state = Self.mix(seed ^ Self.mix(purpose.rawValue))
    for part in key {
      state = Self.mix(state ^ Self.mix(part &+ Self.increment))
    }
  }

  private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ increment
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The next 64 random bits.
  package mutating func next() -> UInt64 {
    let value = Self.mix(state)
    state &+= Self.increment
    return value
  }

  /// Uniform in [0, 1), a multiple of 2⁻²⁴.
  package mutating func uniform() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// Uniform in [lower, upper).
  package mutating func uniform(_ lower: Float, _ upper: Float) -> Float {
    lower + (upper - lower) * uniform()
  }

  /// Uniform in 0 ..< bound, without modulo bias.
  ///
  /// - Precondition: `bound` is positive.
  package mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "integer(below: \(bound)) needs a positive bound")
    let range = UInt64(bound)
    let unbiased = UInt64.max - UInt64.max % range
    while true {
      let bits = next()
      if bits < unbiased { return Int(bits % range) }
    }
  }

  /// True with the given probability.
  package mutating func chance(_ probability: Float) -> Bool {
    uniform() < probability
  }

  /// Standard normal, by the Box–Muller transform.
  package mutating func normal() -> Float {
    let radius = (-2 * log(1 - Double(uniform()))).squareRoot()
    return Float(radius * cos(2 * .pi * Double(uniform())))
  }

  /// A uniformly random order of 0 ..< count (Fisher–Yates).
  package mutating func permutation(count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, integer(below: last + 1))
    }
    return order
  }
}
