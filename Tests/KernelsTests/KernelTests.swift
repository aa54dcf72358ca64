import Kernels
import TestSupport
import Testing

struct KernelTests {
  /// The sums are multiples of 1/8 below 2²⁴ / 8, so float32 is exact.
  @Test(arguments: Kernels.available.map(\.instructionSet))
  func `The loop behind the peak multiplies and adds as often as it says`(instructionSet: String) throws {
    let kernels = try #require(Kernels.available.first { $0.instructionSet == instructionSet })
    let operands = kernels.operands(.float32)
    // A single round that changes nothing counts the numbers n, whose sum is 0 + 1 + … + n − 1.
    let (count, start) = operands.multiplyAddPeak(rounds: 1, factor: 1, term: 0)
    #expect(count > 16 && start == Float(count * (count - 1) / 2))
    for rounds in [0, 3] {
      let (products, result) = operands.multiplyAddPeak(rounds: rounds, factor: 0.5, term: 1)
      #expect(products == rounds * count)
      // x ← x / 2 + 1 halves the distance from 2.
      let distance = (start - 2 * Float(count)) / (rounds == 0 ? 1 : 8)
      #expect(result == distance + 2 * Float(count))
    }
  }

  /// The sums are multiples of 1 below 2²⁴.
  @Test(.enabled(if: Kernels.multiplyBFloat16, "this processor has no AVX512-BF16"))
  func `The loop behind the peak of bfloat16 adds two products for each word`() throws {
    let operands = try #require(Kernels.multiplyingBFloat16).operands(.bfloat16)
    let (count, start) = operands.multiplyAddPeak(rounds: 1, factor: 1, term: 0)
    let (products, result) = operands.multiplyAddPeak(rounds: 3, factor: 0.5, term: 2)
    #expect(products == 3 * count)
    // Half as many sums as products.
    #expect(start == Float(count / 2 * (count / 2 - 1) / 2) && result == start + Float(3 * count))
  }
}
