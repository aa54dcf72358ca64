import Synchronization
import Tensors

/// Stochastic gradient descent with momentum and weight decay.
///
///     m ← μ·m + (c/s²·g + λ·w)        w ← w − η·m
///
/// c is what clipping leaves of the gradient, s the scale of what the layer reads (``InputScales``). λ is zero for biases, and η is multiplied for biases. This is PyTorch's form: the learning rate acts on the momentum when it is
/// applied, not when it is gathered (Caffe's form), which differs only in the iterations after the rate changes.
package struct StochasticGradientDescent: Sendable {
  /// μ.
  package let momentum: Float
  /// λ of weights and scales.
  package let weightDecay: Float
  /// Factor on η for biases.
  package let biasLearningRateMultiplier: Float

  /// Creates the rule.
  package init(momentum: Float, weightDecay: Float, biasLearningRateMultiplier: Float) {
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.biasLearningRateMultiplier = biasLearningRateMultiplier
  }

  private static let grain = 65_536

  /// Updates the part of `weights` and `momentum` that lies in `range` of the arenas, in one pass over memory.
  ///
  /// - Parameters:
  ///   - clip: c, 0 … 1.
  ///   - inputScales: s of every parameter.
  ///   - average: a moving average of the weights, and the share of the new weights in it; nil for none.
  /// - Returns: the first parameter whose momentum is no longer finite there, if any.
  package func update(
    _ weights: ParameterArena, momentum arena: ParameterArena, gradients: ParameterArena, in range: Range<Int>,
    learningRate: Float, clip: Float = 1, inputScales: InputScales = InputScales(),
    average: (arena: ParameterArena, share: Float)? = nil, context: ExecutionContext
  ) -> Parameter? {
    let (w, m, g) = (
      weights.values.baseAddress!, arena.values.baseAddress!, gradients.values.baseAddress!
    )
    var firstBad: Parameter?
    for parameter in weights.layout.parameters where parameter.range.overlaps(range) {
      let isBias = parameter.role == .bias
      let rate = isBias ? learningRate * biasLearningRateMultiplier : learningRate
      let inputScale = inputScales[parameter]
      let scale = clip / (inputScale * inputScale)
      let part = parameter.range.clamped(to: range)
      let isBad = Atomic<Bool>(false)
      context.pool.forEachRange(part.count, grain: Self.grain) { piece, _ in
        let at = part.lowerBound + piece.lowerBound
        let isFinite = context.kernels.table.sgd_update(
          piece.count, rate, momentum, isBias ? 0 : weightDecay, scale, g + at, m + at, w + at)
        if let average {
          context.kernels.table.move_average(
            piece.count, average.share, w + at, average.arena.values.baseAddress! + at)
        }
        if !isFinite { isBad.store(true, ordering: .relaxed) }
      }
      if firstBad == nil, isBad.load(ordering: .relaxed) { firstBad = parameter }
    }
    return firstBad
  }
}
