import CKernels
import Tensors
import Testing

struct KernelTests {
  /// The sums are multiples of 1/8 below 2²⁴ / 8, so float32 is exact.
  @Test(arguments: Kernels.available.map(\.instructionSet))
  func `The loop behind the peak multiplies and adds as often as it says`(instructionSet: String) throws {
    let kernels = try #require(Kernels.available.first { $0.instructionSet == instructionSet })
    var start: Float = 0
    // A single round that changes nothing counts the numbers n, whose sum is 0 + 1 + … + n − 1.
    let count = kernels.table.multiply_add_peak(1, 1, 0, &start)
    #expect(count > 16 && start == Float(count * (count - 1) / 2))
    for rounds in [0, 3] {
      var result: Float = 0
      #expect(kernels.table.multiply_add_peak(rounds, 0.5, 1, &result) == rounds * count)
      // x ← x / 2 + 1 halves the distance from 2.
      let distance = (start - 2 * Float(count)) / (rounds == 0 ? 1 : 8)
      #expect(result == distance + 2 * Float(count))
    }
  }
}
