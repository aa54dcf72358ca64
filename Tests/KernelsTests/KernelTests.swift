import CKernels
import Kernels
import TestSupport
import Testing

struct KernelTests {
  /// The sums are multiples of 1/8 below 2²⁴ / 8, so float32 is exact.
  @Test(arguments: Kernels.available.map(\.instructionSet))
  func `The loop behind the peak multiplies and adds as often as it says`(instructionSet: String) throws {
    let kernels = try #require(Kernels.available.first { $0.instructionSet == instructionSet })
    var start: Float = 0
    // A single round that changes nothing counts the numbers n, whose sum is 0 + 1 + … + n − 1.
    let count = kernels.table.float32.multiply_add_peak(1, 1, 0, &start)
    #expect(count > 16 && start == Float(count * (count - 1) / 2))
    for rounds in [0, 3] {
      var result: Float = 0
      #expect(kernels.table.float32.multiply_add_peak(rounds, 0.5, 1, &result) == rounds * count)
      // x ← x / 2 + 1 halves the distance from 2.
      let distance = (start - 2 * Float(count)) / (rounds == 0 ? 1 : 8)
      #expect(result == distance + 2 * Float(count))
    }
  }

  /// The sums are multiples of 1 below 2²⁴.
  @Test(.enabled(if: Kernels.multiplyBFloat16, "this processor has no AVX512-BF16"))
  func `The loop behind the peak of bfloat16 adds two products for each word`() throws {
    let operands = try #require(Kernels.multiplyingBFloat16).operands(.bfloat16)
    var start: Float = 0
    let count = operands.multiply_add_peak(1, 1, 0, &start)
    var result: Float = 0
    #expect(operands.multiply_add_peak(3, 0.5, 2, &result) == 3 * count)
    // Half as many sums as products.
    #expect(start == Float(count / 2 * (count / 2 - 1) / 2) && result == start + Float(3 * count))
  }
}
