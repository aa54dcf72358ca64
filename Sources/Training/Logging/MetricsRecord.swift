/// What one iteration of training reports: a line of `metrics.jsonl`.
public struct TrainingRecord: Sendable, Equatable {
  /// Optimizer steps taken, this one included.
  public var iteration: Int
  /// Images seen divided by the images of the training split.
  public var epoch: Double
  /// Confidence loss plus location loss, per matched default box.
  public var loss: Double
  /// The share of the classes.
  public var confidenceLoss: Double
  /// The share of the boxes.
  public var locationLoss: Double
  /// Matched default boxes of the global batch.
  public var positives: Int
  /// The length of the gradient before it was limited; nil where it is not.
  public var gradientNorm: Double?
  /// The learning rate of the step.
  public var learningRate: Float
  /// Images of the global batch per second of this iteration.
  public var imagesPerSecond: Double
  /// Where the time went.
  public var seconds: PhaseSeconds
  /// Number of ranks.
  public var worldSize: Int
  /// Damaged images of the global batch in whose place others were used.
  public var damagedImages: Int

  var json: JSONLiteral {
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
        (
          "seconds",
          JSONLiteral(object: [
            ("data", JSONLiteral(seconds.data)), ("forward", JSONLiteral(seconds.forward)),
            ("loss", JSONLiteral(seconds.loss)), ("backward", JSONLiteral(seconds.backward)),
            ("gradient_sum", JSONLiteral(seconds.gradientSum)),
            ("communication", JSONLiteral(seconds.communication)), ("update", JSONLiteral(seconds.update)),
          ])
        ),
        ("world_size", JSONLiteral(worldSize)),
        ("damaged_images", JSONLiteral(damagedImages)),
      ])
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
    gradientNorm: Double? = nil, seconds: PhaseSeconds, worldSize: Int, damagedImages: Int
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
    self.damagedImages = damagedImages
  }
}

/// Which images an iteration used: a line of `images.jsonl`.
struct ImagesRecord {
  let iteration: Int
  /// Their names, in the order of the global batch.
  let images: [String]

  var json: JSONLiteral {
    JSONLiteral(object: [
      ("iteration", JSONLiteral(iteration)), ("images", JSONLiteral(array: images.map { JSONLiteral($0) })),
    ])
  }
}

/// What an evaluation during training reports: a line of `metrics.jsonl`.
public struct EvaluationRecord: Sendable, Equatable {
  /// The average precision of a class.
  public struct ClassPrecision: Sendable, Equatable {
    /// The class.
    public let name: String
    /// 0 … 1; not a number when the split has no object of the class.
    public let averagePrecision: Double

    package init(name: String, averagePrecision: Double) {
      self.name = name
      self.averagePrecision = averagePrecision
    }
  }

  /// Optimizer steps taken before the evaluation.
  public var iteration: Int
  /// The metric's name, as in the configuration.
  public var metric: String
  /// The evaluation split's name.
  public var split: String
  /// Mean over the classes, 0 … 1.
  public var meanAveragePrecision: Double
  /// In the order of labels.
  public var classes: [ClassPrecision]
  /// Images evaluated.
  public var images: Int
  /// Images that were left out because they are damaged.
  public var damagedImages: Int
  /// Duration.
  public var seconds: Double

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

  var json: JSONLiteral {
    JSONLiteral(object: [
      ("iteration", JSONLiteral(iteration)),
      ("metric", JSONLiteral(metric)),
      ("split", JSONLiteral(split)),
      ("mAP", JSONLiteral(meanAveragePrecision)),
      ("AP", JSONLiteral(object: classes.map { ($0.name, JSONLiteral($0.averagePrecision)) })),
      ("images", JSONLiteral(images)),
      ("damaged_images", JSONLiteral(damagedImages)),
      ("seconds", JSONLiteral(seconds)),
    ])
  }
}

extension EvaluationRecord {
  /// Takes over what an evaluation found.
  init(iteration: Int, split: String, _ report: EvaluationReport) {
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
