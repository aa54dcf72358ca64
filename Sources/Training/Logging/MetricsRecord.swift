import Files
import Inference
import MessagePassing

/// What one iteration of training reports: a line of `metrics.jsonl`.
package struct TrainingRecord: Sendable, Equatable {
  /// Optimizer steps taken, this one included.
  package var iteration: Int
  /// Images seen divided by the images of the training split.
  package var epoch: Double
  /// Confidence loss plus location loss, per matched default box.
  package var loss: Double
  /// The share of the classes.
  package var confidenceLoss: Double
  /// The share of the boxes.
  package var locationLoss: Double
  /// Matched default boxes of the global batch.
  package var positives: Int
  /// The length of the gradient before it was limited; nil where it is not.
  package var gradientNorm: Double?
  /// The learning rate of the step.
  package var learningRate: Float
  /// Images of the global batch per second of this iteration.
  package var imagesPerSecond: Double
  /// Where the time went.
  package var seconds: PhaseSeconds
  /// Number of ranks.
  package var worldSize: Int
  /// The rank that the others waited for; nil for a single rank, and in the first iteration.
  package var slowest: SlowestRank?
  /// Damaged images of the global batch in whose place others were used.
  package var damagedImages: Int
  /// The build that wrote the line; nil where the line before is of the same.
  package var build: String?

  package var json: JSONLiteral {
    JSONLiteral(
      object: [
        ("iteration", JSONLiteral(iteration)),
        ("epoch", JSONLiteral(epoch)),
        ("loss", JSONLiteral(loss)),
        ("confidence_loss", JSONLiteral(confidenceLoss)),
        ("location_loss", JSONLiteral(locationLoss)),
        ("positives", JSONLiteral(positives)),
        ("learning_rate", JSONLiteral(learningRate)),
      ] + (gradientNorm.map { [("gradient_norm", JSONLiteral($0))] } ?? []) + [
        ("images_per_second", JSONLiteral(imagesPerSecond)),
        ("seconds", JSONLiteral(object: seconds.phases.map { ($0.name, JSONLiteral($0.seconds)) })),
        ("world_size", JSONLiteral(worldSize)),
      ] + (slowest.map { [("slowest_rank", $0.json)] } ?? []) + [
        ("damaged_images", JSONLiteral(damagedImages))
      ] + (build.map { [("build", JSONLiteral($0))] } ?? []))
  }
}

extension TrainingRecord {
  /// Joins what an iteration computed with how long it took.
  ///
  /// - Parameters:
  ///   - images: of the global batch.
  ///   - epochImages: of the training split.
  package init(
    iteration: Int, images: Int, epochImages: Int, result: TrainingStep.Result, learningRate: Float,
    gradientNorm: Double? = nil, seconds: PhaseSeconds, worldSize: Int, slowest: SlowestRank? = nil,
    damagedImages: Int
  ) {
    self.iteration = iteration
    epoch = Double(iteration * images) / Double(epochImages)
    loss = result.loss
    let normalizer = Double(max(result.positives, 1))
    confidenceLoss = result.sums.confidence / normalizer
    locationLoss = result.sums.location / normalizer
    positives = result.positives
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    imagesPerSecond = Double(images) / seconds.total
    self.seconds = seconds
    self.worldSize = worldSize
    self.slowest = slowest
    self.damagedImages = damagedImages
  }
}

/// The rank that had most to do in the iteration before, as the ranks tell each other.
package struct SlowestRank: Sendable, Equatable {
  /// Its number.
  package let rank: Int
  /// Its machine.
  package let host: String
  /// Seconds in which it did not wait for others.
  package let seconds: Double
  /// The median of all ranks.
  package let median: Double

  /// Nil for a single rank, and while no rank has done an iteration.
  package init?(busySeconds: [Double], _ placement: RankPlacement) {
    guard busySeconds.count > 1, let seconds = busySeconds.max(), seconds > 0,
      let rank = busySeconds.firstIndex(of: seconds)
    else { return nil }
    (self.rank, self.seconds, host) = (rank, seconds, placement.places[rank].host)
    median = busySeconds.sorted()[(busySeconds.count - 1) / 2]
  }

  var json: JSONLiteral {
    JSONLiteral(object: [
      ("rank", JSONLiteral(rank)), ("host", JSONLiteral(host)), ("seconds", JSONLiteral(seconds)),
      ("median", JSONLiteral(median)),
    ])
  }
}

/// Which images an iteration used: a line of `images.jsonl`.
package struct ImagesRecord {
  package let iteration: Int
  /// Their names, in the order of the global batch.
  package let images: [String]

  package var json: JSONLiteral {
    JSONLiteral(object: [
      ("iteration", JSONLiteral(iteration)), ("images", JSONLiteral(array: images.map { JSONLiteral($0) })),
    ])
  }
}

/// What an evaluation during training reports: a line of `metrics.jsonl`.
package struct EvaluationRecord: Sendable, Equatable {
  /// The average precision of a class.
  package struct ClassPrecision: Sendable, Equatable {
    /// The class.
    package let name: String
    /// 0 … 1; not a number when the split has no object of the class.
    package let averagePrecision: Double

    package init(name: String, averagePrecision: Double) {
      self.name = name
      self.averagePrecision = averagePrecision
    }
  }

  /// Optimizer steps taken before the evaluation.
  package var iteration: Int
  /// The metric's name, as in the configuration.
  package var metric: String
  /// The evaluation split's name.
  package var split: String
  /// Mean over the classes, 0 … 1.
  package var meanAveragePrecision: Double
  /// In the order of labels.
  package var classes: [ClassPrecision]
  /// Images evaluated.
  package var images: Int
  /// Images that were left out because they are damaged.
  package var damagedImages: Int
  /// Duration.
  package var seconds: Double
  /// As that of an iteration.
  package var build: String?

  package init(
    iteration: Int, metric: String, split: String, meanAveragePrecision: Double, classes: [ClassPrecision], images: Int,
    damagedImages: Int = 0, seconds: Double
  ) {
    self.damagedImages = damagedImages
    self.iteration = iteration
    self.metric = metric
    self.split = split
    self.meanAveragePrecision = meanAveragePrecision
    self.classes = classes
    self.images = images
    self.seconds = seconds
  }

  package var json: JSONLiteral {
    JSONLiteral(
      object: [
        ("iteration", JSONLiteral(iteration)),
        ("metric", JSONLiteral(metric)),
        ("split", JSONLiteral(split)),
        ("mAP", JSONLiteral(meanAveragePrecision)),
        ("AP", JSONLiteral(object: classes.map { ($0.name, JSONLiteral($0.averagePrecision)) })),
        ("images", JSONLiteral(images)),
        ("damaged_images", JSONLiteral(damagedImages)),
        ("seconds", JSONLiteral(seconds)),
      ] + (build.map { [("build", JSONLiteral($0))] } ?? []))
  }
}

extension EvaluationRecord {
  /// Takes over what an evaluation found.
  package init(iteration: Int, split: String, _ report: EvaluationReport) {
    let result = report.sheet.result
    self.init(
      iteration: iteration, metric: result.metric.rawValue, split: split,
      meanAveragePrecision: result.meanAveragePrecision ?? .nan,
      classes: zip(report.sheet.classNames, result.classes).map {
        ClassPrecision(name: $0, averagePrecision: $1.averagePrecision ?? .nan)
      },
      images: report.sheet.imageCount, damagedImages: report.evaluation.damagedImageCount,
      seconds: report.evaluation.seconds)
  }
}
