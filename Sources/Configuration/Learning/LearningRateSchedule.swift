import Foundation

/// The learning rate as a function of the iteration: a linear warm-up, then a constant that falls.
///
/// With i the number of optimizer steps already taken (0 for the first step),
///
///     rate(i) = base · decay(i) · warmup(i)
///     warmup(i) = warmupFactor + (1 − warmupFactor) · i / warmupIterations    for i < warmupIterations, then 1
///     decay(i) = factor^(milestones m with m ≤ i)                              for steps
///     decay(i) = (1 + cos(π · (i − warmupIterations) / (iterations − warmupIterations))) / 2   for a cosine, 1 during the warm-up
///
/// computed in double precision and rounded once. The step that brings the count to a milestone is the last one at the
/// old rate.
///
/// ### Source
/// The steps are those of the authors' release (Caffe's `multistep`); the warm-up is Goyal et al. 2017, section 2.2; the cosine is
/// Loshchilov and Hutter 2017, equation 5, without restarts.
package struct LearningRateSchedule: Sendable, Equatable {
  /// How the rate falls.
  package enum Decay: Sendable, Equatable {
    /// At milestones, which increase, by a factor.
    case steps(milestones: [Int], factor: Double)
    /// To 0 at the end of a run of `iterations`.
    case cosine(iterations: Int)
  }

  /// The rate between warm-up and fall.
  package let base: Double
  /// See ``Decay``.
  package let decay: Decay
  /// Steps of the warm-up; 0 for none.
  package let warmupIterations: Int
  /// The share of the rate that the first step of the warm-up has.
  package let warmupFactor: Double

  /// Creates a schedule.
  ///
  /// - Precondition: `warmupIterations` is not negative.
  package init(base: Double, decay: Decay, warmupIterations: Int, warmupFactor: Double) {
    precondition(warmupIterations >= 0, "\(warmupIterations) warm-up iterations")
    self.base = base
    self.decay = decay
    self.warmupIterations = warmupIterations
    self.warmupFactor = warmupFactor
  }

  /// The learning rate of the step that follows `completed` steps.
  package func rate(afterIterations completed: Int) -> Float {
    var rate = base
    switch decay {
    case .steps(let milestones, let factor):
      for milestone in milestones where completed >= milestone {
        rate *= factor
      }
    case .cosine(let iterations):
      let length = Double(max(1, iterations - warmupIterations))
      let position = min(1, Double(max(0, completed - warmupIterations)) / length)
      rate *= (1 + cos(.pi * position)) / 2
    }
    if completed < warmupIterations {
      rate *= warmupFactor + (1 - warmupFactor) * Double(completed) / Double(warmupIterations)
    }
    return Float(rate)
  }
}
