import Randomness

/// How much slower or faster than usual a rank computes in an iteration: independent normal numbers.
package struct ComputeJitter: Sendable {
  private let deviation: Double
  private let seed: UInt64

  /// The least factor, whatever the deviation.
  private static let least = 0.5

  /// - Parameter deviation: as a share of the usual seconds.
  package init(deviation: Double, seed: UInt64 = 0) { (self.deviation, self.seed) = (deviation, seed) }

  /// A pure function of its arguments.
  package func factor(iteration: Int, rank: Int) -> Double {
    guard deviation > 0 else { return 1 }
    var random = RandomStream(seed: seed, purpose: .prediction, key: UInt64(iteration), UInt64(rank))
    return max(Self.least, 1 + deviation * Double(random.normal()))
  }
}
