/// `training.learning_rate` and `training.schedule` as they are written: a schedule for runs of any length.
package struct LearningRatePlan: Sendable, Equatable {
  /// How the rate falls behind the warm-up.
  package enum Kind: String, Sendable, CaseIterable {
    /// At milestones, by a factor.
    case steps
    /// Along half a period of a cosine, to 0 at the end of the run.
    case cosine
  }

  /// When the rate drops.
  package enum Milestone: Sendable, Equatable {
    /// After so many iterations.
    case iteration(Int)
    /// After this fraction of the run, between 0 and 1.
    case fraction(Double)

    package func iteration(of iterations: Int) -> Int {
      switch self {
      case .iteration(let iteration): iteration
      case .fraction(let fraction): max(1, Int((fraction * Double(iterations)).rounded()))
      }
    }
  }

  /// The rate between warm-up and fall.
  package let base: Double
  /// See ``Kind``.
  package let kind: Kind
  /// In increasing order, whatever the length of the run, unless it is too short to tell neighbours apart.
  package let milestones: [Milestone]
  /// What the rate is multiplied with at each milestone.
  package let factor: Double
  /// Steps of the warm-up; 0 for none.
  package let warmupIterations: Int
  /// The share of the rate that the first step of the warm-up has.
  package let warmupFactor: Double

  /// Whether the rate of an iteration depends on the length of the run.
  var dependsOnLength: Bool {
    kind == .cosine
      || milestones.contains {
        if case .fraction = $0 { true } else { false }
      }
  }

  /// The schedule of a run.
  package func schedule(iterations: Int) -> LearningRateSchedule {
    LearningRateSchedule(
      base: base,
      decay: kind == .cosine
        ? .cosine(iterations: iterations)
        : .steps(milestones: milestones.map { $0.iteration(of: iterations) }, factor: factor),
      warmupIterations: warmupIterations, warmupFactor: warmupFactor)
  }
}
