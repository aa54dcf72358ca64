import Kernels

/// How a kernel is compared with its definition.
struct KernelCase: Sendable {
  /// As in `CKernelList.h`.
  let name: String
  /// Of which precisions there is one.
  private let kind: Kind
  private let compare: @Sendable (Trial) -> Void

  private enum Kind {
    /// There is one.
    case common
    /// There is one for every precision.
    case maps
    /// There is one for bfloat16 where there are tiles.
    case tiles
  }

  init(_ name: String, _ compare: @escaping @Sendable (Trial) -> Void) {
    (self.name, kind, self.compare) = (name, .common, compare)
  }

  init(maps name: String, _ compare: @escaping @Sendable (Trial) -> Void) {
    (self.name, kind, self.compare) = (name, .maps, compare)
  }

  init(tiles name: String, _ compare: @escaping @Sendable (Trial) -> Void) {
    (self.name, kind, self.compare) = (name, .tiles, compare)
  }

  /// The precisions in which kernels can be compared.
  func precisions(_ kernels: Kernels) -> [Precision] {
    switch kind {
    case .common: [.float32]
    case .maps: Precision.allCases.filter(kernels.supports)
    case .tiles: kernels.tiles == nil ? [] : [.bfloat16]
    }
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
    + winograd + winogradOperands + products + tiles + detections
}
