import Tensors

/// The length of a gradient, over all parameters of the model: √(Σ g²), with g/s for a layer that reads values of order s, see ``InputScales``.
///
/// The sum is taken over fixed blocks, and the blocks in order, in double precision: the bits depend neither on threads, ranks and buckets
/// nor on the instruction set.
package struct GradientNorm {
  private let blocks: [(range: Range<Int>, parameter: Int)]
  private let parameters: [Variable]
  private let weights: [Double]

  private static let blockCount = 65_536

  /// Plans the norm of the parameters that lie in `range` of the arena.
  package init(_ layout: VariableLayout, in range: Range<Int>, inputScales: InputScales) {
    parameters = layout.variables.filter { $0.isTrained && range.overlaps($0.range) }
    weights = parameters.map { 1 / (Double(inputScales[$0]) * Double(inputScales[$0])) }
    blocks = parameters.enumerated().flatMap { index, parameter in
      stride(from: parameter.range.lowerBound, to: parameter.range.upperBound, by: Self.blockCount).map {
        ($0..<min($0 + Self.blockCount, parameter.range.upperBound), index)
      }
    }
  }

  /// The norm of a gradient, and the first parameter whose gradient is not finite, if any.
  package func evaluate(
    _ gradients: VariableArena, context: ExecutionContext
  ) -> (norm: Double, notFinite: Variable?) {
    let values = gradients.values.baseAddress!
    let sums = context.pool.map(blocks) { block, _ in
      context.kernels.sumOfSquares(values + block.range.lowerBound, count: block.range.count)
    }
    var total = 0.0
    var notFinite: Variable?
    for (block, sum) in zip(blocks, sums) {
      total += weights[block.parameter] * sum
      if notFinite == nil, !sum.isFinite { notFinite = parameters[block.parameter] }
    }
    return (total.squareRoot(), notFinite)
  }
}
