import Yams

/// The keys that say how long a run is and how its learning rate goes.
extension ConfigurationSection {
  /// `iterations` or `epochs`, one of them.
  func runLength() -> RunLength {
    let epochs = optionalNumber("epochs", .above(0))
    let iterations = optionalInteger("iterations", default: epochs == nil ? 120_000 : nil, .atLeast(1))
    switch (iterations, epochs) {
    case (let iterations?, nil): return .iterations(iterations)
    case (nil, let epochs?): return .epochs(epochs)
    case (nil, nil): note("iterations", "give iterations or epochs")
    case (.some, .some):
      note("epochs", "give iterations or epochs, not both; --set training.iterations=null leaves one out")
    }
    return .iterations(1)
  }

  /// `kind`, `milestones`, `factor` and the warm-up. Keys that the kind does not read are refused.
  func learningRatePlan(base: Double) -> LearningRatePlan {
    let kind: LearningRatePlan.Kind = choice("kind", default: .steps)
    let isCosine = kind == .cosine
    if isCosine {
      for key in ["milestones", "factor"] {
        noteIfPresent(key, "a cosine has none; leave it out, or take schedule.kind: steps")
      }
    }
    return LearningRatePlan(
      base: base, kind: kind, milestones: isCosine ? [] : milestones(),
      factor: isCosine ? 1 : number("factor", default: 0.1, .above(0, atMost: 1)),
      warmupIterations: integer("warmup_iterations", default: 500, .atLeast(0)),
      warmupFactor: number("warmup_factor", default: 0.1, .above(0, atMost: 1)))
  }

  /// Iterations, from 1 on, or fractions of the run, below 1, that grow strictly; the list may be empty.
  private func milestones() -> [LearningRatePlan.Milestone] {
    read(
      "milestones", default: [.fraction(2.0 / 3), .fraction(5.0 / 6)],
      expected: "a list of strictly increasing integers of at least 1, or of fractions of the run above 0 and below 1",
      parse: { node in
        if let iterations = node.list({ $0.integer.flatMap { $0 >= 1 ? $0 : nil } }) {
          return zip(iterations, iterations.dropFirst()).allSatisfy(<) ? iterations.map { .iteration($0) } : nil
        }
        guard let fractions = node.list({ $0.number(Double.self).flatMap { $0 > 0 && $0 < 1 ? $0 : nil } }),
          zip(fractions, fractions.dropFirst()).allSatisfy(<)
        else { return nil }
        return fractions.map { .fraction($0) }
      },
      emit: { milestones in
        Node(
          list: milestones.map {
            switch $0 {
            case .iteration(let iteration): Node(integer: iteration)
            case .fraction(let fraction): Node(number: fraction)
            }
          })
      })
  }
}
