import Synchronization
import Tensors

/// Stochastic gradient descent with momentum and weight decay.
///
///     m ← μ·m + (c/s²·g + λ·w)        w ← w − η·m
///
/// c is what clipping leaves of the gradient, s the scale of what the layer reads (``InputScales``). Of each variable its
/// ``Variable/Update`` says whether λ acts on it, and what η is multiplied with. This is PyTorch's form: the learning rate acts on the
/// momentum when it is applied, not when it is gathered (Caffe's form), which differs only in the iterations after the rate changes.
///
/// Variables that are averages, not parameters, move towards the mean of what the micro-batches have left in place of a gradient, and have
/// no momentum.
package struct StochasticGradientDescent: Sendable {
  /// μ.
  package let momentum: Float
  /// λ.
  package let weightDecay: Float

  /// Creates the rule.
  package init(momentum: Float, weightDecay: Float) {
    self.momentum = momentum
    self.weightDecay = weightDecay
  }

  private static let grain = 65_536

  /// Updates the part of `weights` and `momentum` that lies in `range` of the arenas, in one pass over memory.
  ///
  /// - Parameters:
  ///   - clip: c, 0 … 1.
  ///   - inputScales: s of every parameter.
  ///   - microBatches: how many `gradients` is the sum of.
  ///   - average: a moving average of the weights, and the share of the new weights in it; nil for none.
  /// - Returns: the first variable whose momentum is no longer finite there, if any.
  package func update(
    _ weights: VariableArena, momentum arena: VariableArena, gradients: VariableArena, in range: Range<Int>,
    learningRate: Float, clip: Float = 1, inputScales: InputScales = InputScales(), microBatches: Int = 1,
    average: (arena: VariableArena, share: Float)? = nil, context: ExecutionContext
  ) -> Variable? {
    let (w, m, g) = (
      weights.values.baseAddress!, arena.values.baseAddress!, gradients.values.baseAddress!
    )
    var firstBad: Variable?
    for variable in weights.layout.variables where variable.range.overlaps(range) {
      let inputScale = inputScales[variable]
      let part = variable.range.clamped(to: range)
      let isBad = Atomic<Bool>(false)
      context.pool.forEachRange(part.count, grain: Self.grain) { piece, _ in
        let at = part.lowerBound + piece.lowerBound
        switch variable.update {
        case .descent(let decays, let rateMultiplier):
          let isFinite = context.kernels.descend(
            count: piece.count, rate: learningRate * rateMultiplier, factor: momentum,
            decay: decays ? weightDecay : 0, scale: clip / (inputScale * inputScale), gradient: g + at,
            momentum: m + at, weight: w + at)
          if !isFinite { isBad.store(true, ordering: .relaxed) }
        case .average(let momentum):
          for index in at..<at + piece.count { w[index] += momentum * (g[index] / Float(microBatches) - w[index]) }
        case .frozen: return
        }
        if let average {
          context.kernels.moveAverage(
            average.arena.values.baseAddress! + at, towards: w + at, share: average.share, count: piece.count)
        }
      }
      if firstBad == nil, isBad.load(ordering: .relaxed) { firstBad = variable }
    }
    return firstBad
  }
}
