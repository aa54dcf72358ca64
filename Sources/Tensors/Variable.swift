/// A named range of every arena of a model: what training moves, or gathers, and a checkpoint holds.
package struct Variable: Sendable, Equatable {
  /// How training changes the values.
  package enum Update: Sendable, Equatable {
    /// Against the gradient that backward finds.
    ///
    /// - Parameters:
    ///   - decays: whether weight decay acts on them.
    ///   - rateMultiplier: factor on the learning rate.
    case descent(decays: Bool, rateMultiplier: Float)
    /// Towards new values v, which a layer leaves where gradients go, summed over the micro-batches of an iteration:
    /// r ← (1 − μ) · r + μ · mean of v.
    case average(momentum: Float)
    /// Not at all.
    case frozen

    /// The same at another rate.
    func scaled(by factor: Float) -> Update {
      guard case .descent(let decays, let rateMultiplier) = self else { return self }
      return .descent(decays: decays, rateMultiplier: factor * rateMultiplier)
    }

    /// That of kernels and scales.
    package static let weight = Update.descent(decays: true, rateMultiplier: 1)

    /// That of biases, which do not decay.
    package static func bias(rateMultiplier: Float) -> Update {
      .descent(decays: false, rateMultiplier: rateMultiplier)
    }
  }

  /// What the values are before training.
  package enum Start: Sendable, Equatable {
    /// Random numbers, as an initialiser of kernels draws them.
    case random
    /// The same where a batch normalisation follows.
    case randomBeforeNormalization
    /// The same everywhere.
    case constant(Float)
  }

  /// How the values lie in memory and in files.
  package enum Layout: Sendable, Equatable {
    /// `count` values, the same in memory and in files.
    case vector(count: Int)
    /// A convolution kernel: [height, width, input, output] in memory, so that it is the right-hand matrix of a GEMM over
    /// NHWC columns; [output, input, height, width] in files, as PyTorch stores it.
    case kernel(height: Int, width: Int, input: Int, output: Int)
  }

  /// The name in checkpoints (torchvision's state_dict key).
  package let name: String
  /// See ``Layout``.
  package let layout: Layout
  /// See ``Start``.
  package let start: Start
  /// See ``Update``.
  package let update: Update
  /// The floats of an arena that hold the values.
  package let range: Range<Int>

  /// The shape in files: [count] or [output, input, height, width].
  package var fileShape: [Int] {
    switch layout {
    case .vector(let count): [count]
    case .kernel(let height, let width, let input, let output): [output, input, height, width]
    }
  }

  /// Whether gradient descent moves the values.
  package var isTrained: Bool {
    if case .descent = update { true } else { false }
  }

  /// Whether the values start at random.
  package var startsRandom: Bool {
    start == .random || start == .randomBeforeNormalization
  }

  /// Whether the values are running averages.
  package var isAverage: Bool {
    if case .average = update { true } else { false }
  }
}

/// The ordered list of a model's variables and their places in an arena.
///
/// Variables lie in forward order, each starting on a 64-byte boundary; backward therefore completes ranges from the end. Running averages, which are
/// known before backward begins, lie behind all others, in the opposite order: what belongs to all layers from one on is one range.
package struct VariableLayout: Sendable {
  /// In forward order.
  package private(set) var variables: [Variable] = []
  /// Floats in an arena, padding included.
  package private(set) var arenaCount = 0
  /// Factor on the learning rate of the variables that are added from now on.
  package var rateMultiplier: Float = 1
  /// Floats of running averages, padding included.
  private var averageCount = 0
  /// The arena that is laid out, where it is known beforehand.
  private let plan: (arenaCount: Int, averageCount: Int)?

  /// An empty layout, where every variable lies behind the one before.
  package init() { plan = nil }

  /// An empty layout for the variables of another one, which are to be added in the same order: with running averages behind all others.
  package init(arranging other: VariableLayout) { plan = (other.arenaCount, other.averageCount) }

  /// The running averages, where they lie behind all other variables; else empty.
  package var averages: Range<Int> { plan.map { $0.arenaCount - $0.averageCount..<$0.arenaCount } ?? 0..<0 }

  /// The parameters of the model, without padding: all but running averages.
  package var parameterCount: Int { valueCount - variables.reduce(0) { $0 + ($1.isAverage ? $1.range.count : 0) } }
  /// All values, without padding.
  package var valueCount: Int { variables.reduce(0) { $0 + $1.range.count } }

  /// Appends a variable and returns it with its range.
  ///
  /// - Precondition: no earlier variable has the same name, and the arena has a place for it.
  package mutating func add(
    _ name: String, _ layout: Variable.Layout, start: Variable.Start, update: Variable.Update
  ) -> Variable {
    precondition(!variables.contains { $0.name == name }, "variable \(name) is declared twice")
    let count =
      switch layout {
      case .vector(let count): count
      case .kernel(let height, let width, let input, let output): height * width * input * output
      }
    let padded = (count + 15) / 16 * 16
    var first = arenaCount - (plan == nil ? 0 : averageCount)
    if case .average = update {
      averageCount += padded
      if let plan { first = plan.arenaCount - averageCount }
    }
    arenaCount += padded
    precondition(plan.map { arenaCount <= $0.arenaCount } ?? true, "variable \(name) has no place in the arena")
    let variable = Variable(
      name: name, layout: layout, start: start, update: update.scaled(by: rateMultiplier), range: first..<first + count)
    variables.append(variable)
    return variable
  }
}
