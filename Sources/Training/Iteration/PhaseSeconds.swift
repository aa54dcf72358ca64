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

  private static let places: [(name: String, place: WritableKeyPath<PhaseSeconds, Double> & Sendable)] = [
    ("data", \.data), ("forward", \.forward), ("loss", \.loss), ("backward", \.backward),
    ("gradient_sum", \.gradientSum), ("communication", \.communication), ("update", \.update),
  ]

  /// Every phase with its name in files, in the order of an iteration.
  package var phases: [(name: String, seconds: Double)] { Self.places.map { ($0.name, self[keyPath: $0.place]) } }

  /// All phases.
  package var total: Double { phases.reduce(0) { $0 + $1.seconds } }

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
    for phase in places { sum[keyPath: phase.place] += other[keyPath: phase.place] }
    return sum
  }
}
