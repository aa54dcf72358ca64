import Kernels

/// What becomes of the sums of a convolution, or of the values of a normalisation.
package struct Activation: Sendable, Equatable {
  /// For the kernels.
  package let function: ActivationFunction

  /// y = x.
  package static let identity = Activation(function: .identity)
  /// y = max(0, x).
  package static let relu = Activation(function: .bounds(Bounds(lower: 0, upper: .infinity)))
  /// y = min(max(0, x), 6). Howard et al. 2017, *MobileNets*.
  package static let relu6 = Activation(function: .bounds(Bounds(lower: 0, upper: 6)))
  /// y = x · min(max(0, x + 3), 6) / 6, behind a normalisation only: its slope cannot be told from y. Howard et al. 2019, *Searching for
  /// MobileNetV3*.
  package static let hardSwish = Activation(function: .hardSwish)

  /// Whether y = x.
  package var isIdentity: Bool { self == .identity }

  /// The bounds that values are kept in.
  ///
  /// - Precondition: the activation is not hard-swish.
  package var bounds: Bounds {
    guard case .bounds(let bounds) = function else { preconditionFailure("hard-swish is no pair of bounds") }
    return bounds
  }
}
