/// Wall-clock seconds of one iteration, by phase.
package struct PhaseSeconds: Sendable, Equatable {
  /// Waiting for the loader.
  package var data = 0.0
  /// Forward of all micro-batches.
  package var forward = 0.0
  /// Matching, mining, loss and its gradient.
  package var loss = 0.0
  /// Backward of all micro-batches.
  package var backward = 0.0
  /// Adding up the gradients of this rank's micro-batches.
  package var gradientSum = 0.0
  /// Waiting for other ranks.
  package var communication = 0.0
  /// Optimizer.
  package var update = 0.0

  /// Creates zeros.
  package init() {}

  /// All phases.
  package var total: Double { data + forward + loss + backward + gradientSum + communication + update }

  /// Adds the time that `body` takes to a phase.
  package mutating func measure<Value>(
    _ phase: WritableKeyPath<PhaseSeconds, Double>, _ body: () throws -> Value
  ) rethrows -> Value {
    let start = ContinuousClock.now
    defer { self[keyPath: phase] += (ContinuousClock.now - start) / .seconds(1) }
    return try body()
  }

  /// Adds phase by phase.
  static func + (one: PhaseSeconds, other: PhaseSeconds) -> PhaseSeconds {
    var sum = one
    for phase in [\PhaseSeconds.data, \.forward, \.loss, \.backward, \.gradientSum, \.communication, \.update] {
      sum[keyPath: phase] += other[keyPath: phase]
    }
    return sum
  }
}
