import Kernels

/// What a convolution does to its sums: keeps them inside bounds, or leaves them as they are.
package struct Activation: Sendable, Equatable {
  /// The least value.
  package let lower: Float
  /// The greatest value.
  package let upper: Float

  /// y = x.
  package static let identity = Activation(lower: -.infinity, upper: .infinity)
  /// y = max(0, x).
  package static let relu = Activation(lower: 0, upper: .infinity)
  /// y = min(max(0, x), 6). Howard et al. 2017, *MobileNets*.
  package static let relu6 = Activation(lower: 0, upper: 6)

  /// Whether y = x.
  package var isIdentity: Bool { self == .identity }

  /// For the kernels.
  var bounds: Bounds { Bounds(lower: lower, upper: upper) }
}
