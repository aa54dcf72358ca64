/// The best evaluation of a run so far, and how many worse ones have followed: what `best.safetensors` and early stopping go by.
struct BestResult: Equatable {
  /// Its mean average precision; nil before the first evaluation.
  private(set) var value: Double?
  /// Optimizer steps before it.
  private(set) var iteration = 0
  /// Evaluations since.
  private(set) var worseSince = 0

  /// Takes an evaluation and tells whether it is better than all before. One without a result, of a split without objects, is not.
  mutating func take(_ result: Double, iteration: Int) -> Bool {
    if result.isFinite, value.map({ result > $0 }) ?? true {
      (value, self.iteration, worseSince) = (result, iteration, 0)
      return true
    }
    worseSince += 1
    return false
  }
}
