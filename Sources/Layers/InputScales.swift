import Tensors

/// How large the values are that a layer reads, where they are far from 1: pixels, or the last map of a pretrained base network.
///
/// A layer that reads x ≈ s·x′, with x′ of order 1, needs weights w = w′/s for outputs of order 1. Its gradient is then s times that of w′,
/// so that gradient descent at rate η moves w′ at s²·η: for s = 64 four thousand times as fast as every other layer, which wipes out its
/// first values within a few iterations. Gradients are therefore divided by s², and lengths of gradients are taken of g/s, the gradient of
/// w′: training goes as if the layer read x′.
package struct InputScales: Sendable, Equatable {
  /// s by the parameter's name; 1 for parameters that are not here.
  package private(set) var byName: [String: Float]

  /// No layer reads large values, by default.
  package init(_ byName: [String: Float] = [:]) {
    self.byName = byName
  }

  /// s of a parameter, positive.
  package subscript(parameter: Variable) -> Float {
    get { byName[parameter.name] ?? 1 }
    set { byName[parameter.name] = newValue == 1 ? nil : newValue }
  }
}
