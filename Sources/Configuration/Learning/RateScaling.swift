/// How the learning rate follows the number of images of an iteration.
///
/// ### Source
/// Linear: Goyal et al. 2017, section 2.1. Square root: Krizhevsky 2014, section 5; You et al. 2020 take it with LAMB.
package enum RateScaling: String, Sendable, CaseIterable {
  /// Not at all.
  case none
  /// In proportion.
  case linear
  /// With its square root, as the deviation of a mean does.
  case sqrt

  /// The factor on the rate when `batch` images take the place of `reference`.
  package func factor(batch: Int, reference: Int) -> Double {
    let ratio = Double(batch) / Double(reference)
    return switch self {
    case .none: 1
    case .linear: ratio
    case .sqrt: ratio.squareRoot()
    }
  }
}

extension Configuration.Training {
  /// The factor by which the batch scales the learning rate.
  package var rateFactor: Double {
    referenceBatch.map { rateScaling.factor(batch: globalBatch, reference: $0) } ?? 1
  }

  /// The rate of every iteration of a run, scaled with the batch.
  package func learningRates(iterations: Int) -> LearningRateSchedule {
    var plan = schedule
    plan.base *= rateFactor
    return plan.schedule(iterations: iterations)
  }

  /// Why a scaled rate must not be warmed up so: its first drop comes before it is reached; nil when it does not.
  ///
  /// - Parameter iterations: of the run; nil where that is not known yet.
  func warmupFault(iterations: Int?) -> String? {
    guard rateScaling != .none, schedule.kind == .steps, let first = schedule.milestones.first else { return nil }
    let milestone: Int
    switch (first, iterations) {
    case (.iteration(let iteration), _): milestone = iteration
    case (.fraction, let iterations?): milestone = first.iteration(of: iterations)
    case (.fraction, nil): return nil
    }
    guard schedule.warmupIterations >= milestone else { return nil }
    return
      "a warm-up of \(schedule.warmupIterations) iterations does not end before the first milestone, \(milestone): the scaled rate would never be reached; take at most \(milestone - 1), or a later milestone"
  }
}

extension Configuration {
  /// Refuses a warm-up of a scaled rate that does not end before the first milestone.
  ///
  /// - Parameter iterations: of the run.
  package func requireWarmup(iterations: Int) throws(ConfigurationError) {
    guard let fault = training.warmupFault(iterations: iterations) else { return }
    throw ConfigurationError(.file(source, line: nil), key: "training.schedule.warmup_iterations", fault)
  }
}
