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
  package var base = 0.001
  /// See ``Kind``.
  package var kind = Kind.steps
  /// In increasing order, whatever the length of the run, unless it is too short to tell neighbours apart; for ``Kind/steps``.
  package var milestones: [Milestone] = [.fraction(2.0 / 3), .fraction(5.0 / 6)]
  /// What the rate is multiplied with at each milestone; for ``Kind/steps``.
  package var factor = 0.1
  /// Steps of the warm-up; 0 for none.
  package var warmupIterations = 500
  /// The share of the rate that the first step of the warm-up has.
  package var warmupFactor = 0.1

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
