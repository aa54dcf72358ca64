import Kernels
import Testing

/// Every kernel against its definition in double precision.
@Suite struct KernelTests {
  @Test func `Every kernel of the list has a case`() {
    #expect(KernelCase.all.map(\.name).sorted() == Kernels.names.sorted())
  }

  /// Sizes up to more than two panels, so that whole vectors, blocks and panels and what is left of them occur.
  @Test(arguments: KernelRun.all)
  func `A kernel computes what it is defined to and writes nothing else`(run: KernelRun) {
    let faults = (0...70).flatMap { run.kernel.faults(run.kernels, run.precision, size: $0) }
    #expect(faults.isEmpty, "\(faults.count): \(faults.prefix(3).joined(separator: "; "))")
  }
}

/// A kernel in one of the variants that this processor can run.
struct KernelRun: Sendable, CustomStringConvertible {
  let kernel: KernelCase
  let kernels: Kernels
  let precision: Precision

  static let all = KernelCase.all.flatMap { kernel in
    Kernels.available.flatMap { kernels in
      kernel.precisions(kernels).map { KernelRun(kernel: kernel, kernels: kernels, precision: $0) }
    }
  }

  var description: String { "\(kernel.name), \(kernels.instructionSet), \(precision.rawValue)" }
}
