import Detection
import Foundation

/// Watches the loss and warns once of what is easily taken for slow learning: a detector that has found out how frequent classes are and
/// no more, and a loss that leaps.
///
/// A detector that answers every image alike does best with the frequencies themselves: background for its share b of the boxes in the
/// loss, and each class for its share of the objects. With k negatives for each positive, b = k / (k + 1), its confidence loss is
///
///     ln(k + 1) + H + k · ln((k + 1) / k)
///
/// per positive, where H is the entropy of the classes: 4.04 for six equally frequent classes and k = 3, where the blindest guess, all
/// equally likely, has 4 · ln 7 = 7.78. A loss that stays there after the warm-up means that gradients no longer get through, mostly because
/// the first iterations were too large.
package struct LossSentinel {
  /// The confidence loss of a detector that ignores the image.
  package let guess: Double
  private let mining: HardNegativeMining
  private let firstIteration: Int
  private let warmupIterations: Int
  private var recent: [Double] = []
  private var losses: [Double] = []
  private var hasWarnedOfGuess = false
  private var hasWarnedOfSpike = false

  /// Iterations over which the loss is taken.
  static let window = 100
  /// Learning is slower than this where the loss has fallen by less of the guess.
  private static let margin = 0.03
  /// A loss that is falling by this share of it, from one half of the iterations to the other, is on its way.
  private static let progress = 0.005
  /// A leap is by this factor.
  private static let spike = 10.0

  /// Watches a part of a run.
  ///
  /// - Parameters:
  ///   - objects: of each class, in the training split.
  ///   - iteration: optimizer steps taken before.
  package init(
    objects: [Int], mining: HardNegativeMining = HardNegativeMining(), warmupIterations: Int, after iteration: Int
  ) {
    let total = Double(max(1, objects.reduce(0, +)))
    let entropy = objects.filter { $0 > 0 }.map { Double($0) / total }.reduce(0) { $0 - $1 * log($1) }
    let negatives = Double(mining.negativesPerPositive)
    guess = log(negatives + 1) + entropy + (negatives > 0 ? negatives * log((negatives + 1) / negatives) : 0)
    self.mining = mining
    self.warmupIterations = warmupIterations
    firstIteration = iteration
  }

  /// Takes an iteration and returns a warning, the first time that there is one of its kind.
  package mutating func take(_ record: TrainingRecord) -> String? {
    let (iteration, loss, learningRate) = (record.iteration, record.loss, record.learningRate)
    // Without positives there is no loss.
    guard record.positives > 0 else { return nil }
    let median = losses.isEmpty ? nil : losses.median
    recent = (recent + [record.confidenceLoss]).suffix(Self.window)
    losses = (losses + [loss]).suffix(Self.window)
    if !hasWarnedOfSpike, let median, losses.count >= 20, loss > Self.spike * median {
      hasWarnedOfSpike = true
      return """
        iteration \(iteration): the loss leapt to \(Self.text(loss)) from about \(Self.text(median)); if it does not come back, \
        limit the gradients (training.gradient_clip_norm: 10) or lower training.learning_rate, \(learningRate) now
        """
    }
    guard !hasWarnedOfGuess, iteration >= max(2 * warmupIterations, warmupIterations + Self.window),
      iteration - firstIteration >= Self.window
    else { return nil }
    let mean = Self.mean(recent[...])
    let (before, now) = (Self.mean(recent.prefix(Self.window / 2)), Self.mean(recent.suffix(Self.window / 2)))
    guard mean > (1 - Self.margin) * guess, now > (1 - Self.progress) * before else { return nil }
    hasWarnedOfGuess = true
    return """
      iteration \(iteration): the confidence loss of the last \(recent.count) iterations is \(Self.text(mean)), no better than the \
      \(Self.text(guess)) of a detector that ignores the image. If it stays there, begin again (--resume never) with \
      training.learning_rate: \(Float(learningRate / 4)) in place of \(learningRate), training.gradient_clip_norm: 10, or a longer \
      training.schedule.warmup_iterations, \(warmupIterations) now; without pretrained weights keep model.initialization: he
      """
  }

  private static func mean(_ losses: ArraySlice<Double>) -> Double { losses.reduce(0, +) / Double(losses.count) }

  private static func text(_ loss: Double) -> String { String(format: "%.3g", loss) }
}
