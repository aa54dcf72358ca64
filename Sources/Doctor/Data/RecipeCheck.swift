import Configuration
import Files
import Foundation
import Models

/// What is unusual about the settings of a run, of which training itself would say nothing.
///
/// ### The learning rate
/// 0.001 × batch / 32 is the rate for a VGG-16 that knows ImageNet, that for a MobileNet is ten times as high or more. A narrower network
/// takes a higher one, in inverse proportion to its width, and so do new layers behind a base network that hardly learns. Eight times as much as that is called too high: the loss grows, or stays where it was.
package struct RecipeCheck: Sendable {
  /// Iterations of the run.
  package var iterations: Int
  /// Images of an iteration.
  package var globalBatch: Int
  /// The rate that suits 32 images an iteration.
  package var usualRate: Double
  /// See `Configuration.smallNormalization`.
  package var smallNormalization: Configuration.SmallNormalization?
  /// The rate that the schedule starts from, after the warm-up.
  package var learningRate: Double
  /// How much of it is the batch's, by `training.learning_rate_scaling`.
  package var rateFactor: Double
  /// The factor on the channels of the network.
  package var widthMultiplier: Double
  /// Iterations after which the rate drops; empty for another schedule.
  package var milestones: [Int]
  /// Iterations of the warm-up.
  package var warmup: Int
  /// Iterations between evaluations; nil for a run that does not evaluate.
  package var evaluationEvery: Int?
  /// Whether there are images to evaluate on.
  package var hasEvaluationSplit: Bool
  /// Images to train on; nil when they are not known.
  package var images: Int?

  package init(
    iterations: Int, globalBatch: Int, usualRate: Double = 0.001,
    smallNormalization: Configuration.SmallNormalization? = nil, learningRate: Double, rateFactor: Double = 1,
    widthMultiplier: Double,
    milestones: [Int], warmup: Int,
    evaluationEvery: Int?, hasEvaluationSplit: Bool, images: Int?
  ) {
    self.iterations = iterations
    self.globalBatch = globalBatch
    self.usualRate = usualRate
    self.smallNormalization = smallNormalization
    self.learningRate = learningRate
    self.rateFactor = rateFactor
    self.widthMultiplier = widthMultiplier
    self.milestones = milestones
    self.warmup = warmup
    self.evaluationEvery = evaluationEvery
    self.hasEvaluationSplit = hasEvaluationSplit
    self.images = images
  }

  /// The rate that suits layers without a pretrained network in front that learns as fast.
  package static let rateOfNewLayers = 0.01
  /// A rate this many times the usual one is called too high.
  package static let highRateFactor = 8.0

  /// The warnings, if any.
  package var findings: [Finding] {
    [rateFinding, normalizationFinding, milestoneFinding, warmupFinding, evaluationFinding, epochFinding].compactMap(
      \.self)
  }

  private var rateFinding: Finding? {
    let usual = usualRate * Double(globalBatch) / 32 / widthMultiplier
    let factor = learningRate / usual
    guard factor > Self.highRateFactor * (1 + 1e-9) else { return nil }
    let width = widthMultiplier == 1 ? "" : " / \(text(widthMultiplier))"
    return .warning(
      "learning rate",
      "\(text(learningRate)) is \(Int(factor.rounded())) times \(text(usualRate)) × batch / 32\(width), which is \(text(usual)) for \(Quantities.count(globalBatch, "image")) an iteration\(widthMultiplier == 1 ? "" : " and \(text(widthMultiplier)) of the channels"); with far too high a rate the loss is soon not finite (exit code 76), or does not fall",
      remedy: "--set training.learning_rate=\(text(usual / rateFactor))")
  }

  private var normalizationFinding: Finding? {
    smallNormalization.map { .warning("batch normalisation", $0.description, remedy: $0.remedy) }
  }

  private var milestoneFinding: Finding? {
    let late = milestones.filter { $0 >= iterations }
    guard !late.isEmpty else { return nil }
    let which = "\(late.count == 1 ? "milestone" : "milestones") \(late.map(String.init).joined(separator: ", "))"
    let effect = late.count == milestones.count ? "the learning rate never drops" : "the learning rate drops less often"
    // Where the published recipe has them: after two thirds and five sixths.
    let fitting = Set([iterations * 2 / 3, iterations * 5 / 6]).filter { $0 > 0 }.sorted().map(String.init)
    return .warning(
      "schedule",
      "\(effect): \(which) \(late.count == 1 ? "is" : "are") at or behind the end of the run, iteration \(iterations)",
      remedy: "--set 'training.schedule.milestones=[\(fitting.joined(separator: ", "))]'")
  }

  private var warmupFinding: Finding? {
    guard warmup > 0 else { return nil }
    guard warmup >= iterations else {
      guard let first = milestones.first, warmup >= first else { return nil }
      return .warning(
        "schedule",
        "the warm-up of \(Quantities.count(warmup, "iteration")) does not end before the first milestone, \(first), so the learning rate of \(text(learningRate)) is never reached",
        remedy: "--set training.schedule.warmup_iterations=\(first / 4), or a later milestone")
    }
    return .warning(
      "schedule",
      "the warm-up of \(Quantities.count(warmup, "iteration")) is as long as the run or longer, so the learning rate \(warmup == iterations ? "is reached only at its end" : "of \(text(learningRate)) is never reached")",
      remedy: "--set training.schedule.warmup_iterations=\(max(1, iterations / 20)), or more training.iterations")
  }

  private var evaluationFinding: Finding? {
    guard evaluationEvery == nil, hasEvaluationSplit else { return nil }
    return .warning(
      "evaluation", "the run never evaluates, though there is a split for it: no score tells how good it is",
      remedy: "--set evaluation.every=\(max(1, iterations / 4)), or 'multibox evaluate' afterwards")
  }

  private var epochFinding: Finding? {
    guard let images, images > 0, iterations * globalBatch < images else { return nil }
    let seen = iterations * globalBatch
    return .warning(
      "length",
      "less than one epoch: \(Quantities.count(iterations, "iteration")) of \(Quantities.count(globalBatch, "image")) use \(seen) of \(images) images",
      remedy:
        "--set training.iterations=\((images + globalBatch - 1) / globalBatch) for one pass over them; SSD takes some hundred"
    )
  }

  /// At most three significant digits: "0.00025".
  private func text(_ value: Double) -> String {
    let digits = max(0, 2 - Int(floor(log10(abs(value)))))
    let fixed = String(format: "%.\(min(digits, 12))f", value)
    guard fixed.contains(".") else { return fixed }
    return String(fixed.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
  }
}

extension Configuration {
  /// Whether the settings of training fit each other and the data; nil when the length of the run depends on data that are
  /// not known.
  ///
  /// - Parameter images: of the training split, if known.
  package func recipeCheck(images: Int?) -> RecipeCheck? {
    let iterations: Int
    switch training.length {
    case .iterations(let count): iterations = count
    case .epochs:
      guard let images else { return nil }
      iterations = self.iterations(images: images)
    }
    var milestones: [Int] = []
    if case .steps(let list, _) = training.learningRates(iterations: iterations).decay { milestones = list }
    return RecipeCheck(
      iterations: iterations, globalBatch: training.globalBatch,
      usualRate: usualRate, smallNormalization: smallNormalization,
      learningRate: training.schedule.base * training.rateFactor, rateFactor: training.rateFactor,
      widthMultiplier: Double(model.widthMultiplier), milestones: milestones,
      warmup: training.schedule.warmupIterations, evaluationEvery: evaluation.every,
      hasEvaluationSplit: data.evaluationSplit != nil,
      images: images)
  }

  /// The rate that suits 32 images an iteration: that of the architecture or, where the base network learns at a share of it, more.
  private var usualRate: Double {
    let usual = model.architecture.usualLearningRate
    let share = isBaseFrozen ? 0 : Double(training.baseLearningRateMultiplier)
    return max(usual, min(RecipeCheck.rateOfNewLayers, usual / max(share, 0.01)))
  }

  private var isBaseFrozen: Bool {
    let nodes = SSD(model.architecture, objectClassCount: 1).graph.nodes
    guard let freeze = training.freeze, let last = nodes.firstIndex(where: { $0.layer.name == freeze }),
      let new = nodes.firstIndex(where: { $0.layer.name == model.architecture.base?.firstNewLayer })
    else { return false }
    return nodes[min(last + 1, new)..<new].allSatisfy { $0.layer.variables.isEmpty }
  }
}
