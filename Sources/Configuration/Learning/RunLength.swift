/// How long a run trains: `training.iterations` or `training.epochs`.
package enum RunLength: Sendable, Equatable {
  /// Optimizer steps.
  case iterations(Int)
  /// Passes over the training images.
  case epochs(Double)

  /// Optimizer steps, at least one: the last pass is completed.
  ///
  /// - Parameters:
  ///   - images: of the training split.
  ///   - globalBatch: images of a step.
  package func iterations(images: Int, globalBatch: Int) -> Int {
    switch self {
    case .iterations(let count): return count
    case .epochs(let epochs):
      // So that 0.1 · 30 images are 3, not 4 for a rounding of 0.1.
      let steps = (epochs * Double(images) / Double(globalBatch) * (1 - 1e-12)).rounded(.up)
      return max(1, Int(min(steps, 1e15)))
    }
  }
}

extension Configuration {
  /// Optimizer steps of the whole run.
  ///
  /// - Parameter images: of the training split.
  package func iterations(images: Int) -> Int {
    training.length.iterations(images: images, globalBatch: training.globalBatch)
  }
}
