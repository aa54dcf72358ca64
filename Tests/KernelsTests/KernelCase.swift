import Kernels

/// How a kernel is compared with its definition.
struct KernelCase: Sendable {
  /// As in `CKernelList.h`.
  let name: String
  /// Whether there is one for every precision.
  let isForOperands: Bool
  private let compare: @Sendable (Trial) -> Void

  init(_ name: String, _ compare: @escaping @Sendable (Trial) -> Void) {
    self.name = name
    isForOperands = false
    self.compare = compare
  }

  init(operands name: String, _ compare: @escaping @Sendable (Trial) -> Void) {
    self.name = name
    isForOperands = true
    self.compare = compare
  }

  /// What the kernel does wrong with a size.
  func faults(_ kernels: Kernels, _ precision: Precision, size: Int) -> [String] {
    let trial = Trial(kernels, precision, size: size)
    compare(trial)
    return trial.finish()
  }

  /// One for every kernel.
  static let all =
    vectors + rounding + layers + normalizations + depthwise + images + columns + panels + columnOperands
    + normalizationOperands
    + winograd + winogradOperands + products
}
