import Kernels
import Tensors

/// How fast the processors multiply and add when all operands are in registers.
///
/// What one instruction set can do at most in a precision: no direct convolution of its is faster. An algorithm with fewer multiplications may well
/// seem to be.
enum ArithmeticPeak {
  private static let chunks = 16
  private static let rounds = 400_000
  private static let repetitions = 20

  /// FLOP/s of all threads of `pool` together, a multiply–add counted as two; the best of some short runs.
  static func measure(pool: ThreadPool, kernels: Kernels, precision: Precision) -> Double {
    let operands = kernels.maps(precision)
    let best = (0..<repetitions).map { _ in
      let start = ContinuousClock.now
      let counts = pool.map(Array(0..<pool.threadCount * chunks)) { _, _ in
        // With float32, 2 is where x ← x / 2 + 1 ends: no infinity, no denormal, which some processors are slow with.
        operands.multiplyAddPeak(rounds: rounds, factor: 0.5, term: 1).count
      }
      return Double(2 * counts.reduce(0, +)) / ((ContinuousClock.now - start) / .seconds(1))
    }
    return best.max() ?? 0
  }
}
