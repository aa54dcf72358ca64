import Kernels

/// How a kernel is compared with its definition.
struct KernelCase: Sendable {
  /// As in `CKernelList.h`.
  let name: String
  /// Whether there is one for every precision.
  let isForMaps: Bool
  private let compare: @Sendable (Trial) -> Void

  init(_ name: String, _ compare: @escaping @Sendable (Trial) -> Void) {
    self.name = name
    isForMaps = false
    self.compare = compare
  }

  init(maps name: String, _ compare: @escaping @Sendable (Trial) -> Void) {
    self.name = name
    isForMaps = true
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
    vectors + rounding + layers + normalizations + depthwise + images + columns + columnOperands
    + normalizationOperands
    + winograd + winogradOperands + products
}
