import CKernels

/// Sums, moments and updates of vectors.
extension Kernels {
  /// y[i] += x[i].
  package func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
    precondition(count >= 0, "\(count) numbers")
    table.pointee.add(count, x, y)
  }

  /// momentum = factor · momentum + (scale · gradient + decay · weight); weight −= rate · momentum.
  ///
  /// - Returns: whether all momentum is finite.
  package func descend(
    count: Int, rate: Float, factor: Float, decay: Float, scale: Float, gradient: UnsafePointer<Float>,
    momentum: UnsafeMutablePointer<Float>, weight: UnsafeMutablePointer<Float>
  ) -> Bool {
    precondition(count >= 0, "\(count) numbers")
    return table.pointee.sgd_update(count, rate, factor, decay, scale, gradient, momentum, weight)
  }

  /// Σ_i x[i]², the same bits with every instruction set.
  package func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
    precondition(count >= 0, "\(count) numbers")
    return table.pointee.sum_of_squares(count, x)
  }

  /// average[i] += share · (x[i] − average[i]).
  package func moveAverage(
    _ average: UnsafeMutablePointer<Float>, towards x: UnsafePointer<Float>, share: Float, count: Int
  ) {
    precondition(count >= 0, "\(count) numbers")
    table.pointee.move_average(count, share, x, average)
  }

  /// Mean and biased variance of all rows from the moments of parts, [part][mean, sum of squared deviations][channels], of
  /// `counts` rows each.
  package func mergeMoments(
    _ moments: UnsafePointer<Float>, counts: [Int], channels: Int, mean: UnsafeMutablePointer<Float>,
    variance: UnsafeMutablePointer<Float>
  ) {
    precondition(!counts.isEmpty && channels > 0 && counts.allSatisfy { $0 > 0 }, "parts of \(counts) rows")
    table.pointee.merge_moments(counts.count, channels, counts, moments, mean, variance)
  }
}
