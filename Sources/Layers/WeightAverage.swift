/// An exponential moving average of the weights: a ← a + (1 − d) · (w − a).
///
/// d begins small, (1 + i) / (10 + i) after i iterations, and ends at the given decay, so that the first random weights do not linger.
///
/// ### Source
/// Polyak and Juditsky 1992; the growing d is that of TensorFlow's `ExponentialMovingAverage` with `num_updates`.
package enum WeightAverage {
  /// 1 − d, for the step that follows `iteration` steps.
  ///
  /// - Precondition: 0 < decay < 1.
  package static func share(decay: Double, iteration: Int) -> Float {
    precondition(decay > 0 && decay < 1, "a moving average of decay \(decay)")
    return Float(1 - min(decay, Double(1 + iteration) / Double(10 + iteration)))
  }
}
