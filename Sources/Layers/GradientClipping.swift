/// Limits the length of a gradient: a longer one is shortened to the limit, its direction kept.
///
/// ### Source
/// Pascanu et al. 2013, *On the difficulty of training recurrent neural networks*, algorithm 1; PyTorch's `clip_grad_norm_` but for its
/// 10⁻⁶ in the denominator.
package struct GradientClipping: Sendable {
  /// The largest length, in the unit of ``GradientNorm``.
  package let limit: Double

  /// Creates the rule.
  package init(limit: Double) {
    precondition(limit > 0, "gradients are to be no longer than \(limit)")
    self.limit = limit
  }

  /// What a gradient of length `norm` is multiplied with, 0 … 1.
  package func factor(norm: Double) -> Float { norm > limit ? Float(limit / norm) : 1 }
}
