import CKernels

/// f of a normalisation.
package enum ActivationFunction: Sendable, Equatable {
  /// Numbers outside the bounds become the nearer one.
  case bounds(Bounds)
  /// v · min(max(v + 3, 0), 6) / 6. Howard et al. 2019, *Searching for MobileNetV3*.
  case hardSwish

  /// f(v) = v.
  package static let identity = ActivationFunction.bounds(Bounds(lower: -.infinity, upper: .infinity))

  var c: ck_activation {
    switch self {
    case .bounds(let bounds): ck_activation(bounds: bounds.c, is_hard_swish: false)
    case .hardSwish: ck_activation(bounds: Self.none, is_hard_swish: true)
    }
  }

  private static let none = ck_bounds(lower: -.infinity, upper: .infinity)
}

/// What is still to be done to the numbers of a map: f(scale[c] · x + shift[c]) · gate[image][c].
package struct Normalization {
  /// One for each channel; nil for 1.
  package let scale: UnsafePointer<Float>?
  /// One for each channel; nil for 0.
  package let shift: UnsafePointer<Float>?
  /// One for each channel of each image, or of the one image that a kernel reads; nil for 1.
  package var gate: UnsafePointer<Float>?
  /// f.
  package let activation: ActivationFunction

  /// Nothing, by default.
  package init(
    scale: UnsafePointer<Float>? = nil, shift: UnsafePointer<Float>? = nil, gate: UnsafePointer<Float>? = nil,
    activation: ActivationFunction = .identity
  ) {
    (self.scale, self.shift, self.gate, self.activation) = (scale, shift, gate, activation)
  }

  var c: ck_normalization { ck_normalization(scale: scale, shift: shift, gate: gate, activation: activation.c) }
}

/// The gradient of what a batch normalisation reads, from that of its result:
/// dx = scale[c] · dy · f′(scale[c] · x + shift[c]) + slope[c] · x + term[c].
package struct NormalizationGradient {
  package let scale: UnsafePointer<Float>
  package let shift: UnsafePointer<Float>
  package let slope: UnsafePointer<Float>
  package let term: UnsafePointer<Float>
  /// f.
  package let activation: ActivationFunction

  package init(
    scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, slope: UnsafePointer<Float>,
    term: UnsafePointer<Float>, activation: ActivationFunction
  ) {
    (self.scale, self.shift, self.slope, self.term, self.activation) = (scale, shift, slope, term, activation)
  }

  var c: ck_normalization_gradient {
    ck_normalization_gradient(scale: scale, shift: shift, slope: slope, term: term, activation: activation.c)
  }
}

/// Calls `body` with the address of a C value, or with nil.
func withPointer<Value, Result>(to value: Value?, _ body: (UnsafePointer<Value>?) -> Result) -> Result {
  guard let value else { return body(nil) }
  return withUnsafePointer(to: value) { body($0) }
}
