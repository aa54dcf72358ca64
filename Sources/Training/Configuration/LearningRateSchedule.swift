/// The learning rate as a function of the iteration: a linear warm-up, then a constant that drops at milestones.
///
/// With i the number of optimizer steps already taken (0 for the first step),
///
///     rate(i) = base · factor^(milestones m with m ≤ i) · warmup(i)
///     warmup(i) = warmupFactor + (1 − warmupFactor) · i / warmupIterations    for i < warmupIterations, then 1
///
/// computed in double precision and rounded once. The step that brings the count to a milestone is the last one at the
/// old rate.
///
/// ### Source
/// The steps are those of the authors' release (Caffe's `multistep`); the warm-up is Goyal et al. 2017, section 2.2.
public struct LearningRateSchedule: Sendable, Equatable {
  /// The rate between warm-up and first milestone.
  public let base: Double
  /// Steps after which the rate drops, strictly increasing.
  public let milestones: [Int]
  /// What the rate is multiplied with at each milestone.
  public let factor: Double
  /// Steps of the warm-up; 0 for none.
  public let warmupIterations: Int
  /// The share of the rate that the first step of the warm-up has.
  public let warmupFactor: Double

  /// Creates a schedule.
  ///
  /// - Precondition: `milestones` increase strictly; `warmupIterations` is not negative.
  public init(base: Double, milestones: [Int], factor: Double, warmupIterations: Int, warmupFactor: Double) {
    precondition(zip(milestones, milestones.dropFirst()).allSatisfy(<), "milestones \(milestones) must increase")
    precondition(warmupIterations >= 0, "\(warmupIterations) warm-up iterations")
    self.base = base
    self.milestones = milestones
    self.factor = factor
    self.warmupIterations = warmupIterations
    self.warmupFactor = warmupFactor
  }

  /// The learning rate of the step that follows `completed` steps.
  public func rate(afterIterations completed: Int) -> Float {
    var rate = base
    for milestone in milestones where completed >= milestone {
      rate *= factor
    }
    if completed < warmupIterations {
      rate *= warmupFactor + (1 - warmupFactor) * Double(completed) / Double(warmupIterations)
    }
    return Float(rate)
  }
}
