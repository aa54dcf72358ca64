import Tensors

/// Stochastic gradient descent with momentum and weight decay.
///
///     m ← μ·m + (g + λ·w)        w ← w − η·m
///
/// λ is zero for biases, and η is multiplied for biases. This is PyTorch's form: the learning rate acts on the momentum when it is
/// applied, not when it is gathered (Caffe's form), which differs only in the iterations after the rate changes.
public struct StochasticGradientDescent: Sendable {
  /// μ.
  public let momentum: Float
  /// λ of weights and scales.
  public let weightDecay: Float
  /// Factor on η for biases.
  public let biasLearningRateMultiplier: Float

  /// Creates the rule.
  public init(momentum: Float, weightDecay: Float, biasLearningRateMultiplier: Float) {
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.biasLearningRateMultiplier = biasLearningRateMultiplier
  }

  private static let grain = 65_536

  /// Updates `weights` and `momentum` in one pass over memory.
  public func update(
    _ weights: ParameterArena, momentum arena: ParameterArena, gradients: ParameterArena, learningRate: Float,
    context: ExecutionContext
  ) {
    for parameter in weights.layout.parameters {
      let isBias = parameter.role == .bias
      let rate = isBias ? learningRate * biasLearningRateMultiplier : learningRate
      let (w, m, g) = (weights[parameter], arena[parameter], gradients[parameter])
      context.pool.forEachRange(parameter.range.count, grain: Self.grain) { range, _ in
        let at = range.lowerBound
        context.kernels.table.sgd_update(
          range.count, rate, momentum, isBias ? 0 : weightDecay, g.baseAddress! + at, m.baseAddress! + at,
          w.baseAddress! + at)
      }
    }
  }
}
