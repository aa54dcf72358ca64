import Foundation

/// Random numbers that a test can have again: a function of its seed.
///
/// ### Source
/// Steele, Lea and Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  /// Prints the seed, which `MULTIBOX_TEST_SEED` sets, and is another one every time without it.
  package static func printing(for test: String) -> Self {
    let seed =
      ProcessInfo.processInfo.environment["MULTIBOX_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 0..<1_000_000)
    print("\(test): MULTIBOX_TEST_SEED=\(seed)")
    return Self(seed: seed)
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
