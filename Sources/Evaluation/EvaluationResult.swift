/// What a metric found.
package enum EvaluationResult: Sendable, Equatable {
  /// By `voc07` or `voc12`.
  case pascalVOC(PascalVOCResult)
  /// By `coco`.
  case coco(COCOResult)

  /// Scores images.
  ///
  /// - Throws: `EvaluationError` if an image is there twice, or a label or number is not valid.
  package init(
    _ images: [ImageResult], objectClassCount: Int, metric: EvaluationMetric
  ) throws(EvaluationError) {
    switch metric {
    case .voc07: self = try .pascalVOC(images, objectClassCount, .voc07)
    case .voc12: self = try .pascalVOC(images, objectClassCount, .voc12)
    case .coco:
      var evaluator = COCOEvaluator(objectClassCount: objectClassCount)
      for image in images { try evaluator.add(COCOImageResult(image)) }
      self = .coco(evaluator.evaluate())
    }
  }

  private static func pascalVOC(
    _ images: [ImageResult], _ objectClassCount: Int, _ metric: VOCMetric
  ) throws(EvaluationError) -> EvaluationResult {
    var evaluator = PascalVOCEvaluator(objectClassCount: objectClassCount)
    for image in images { try evaluator.add(image) }
    return .pascalVOC(evaluator.evaluate(metric: metric))
  }

  /// The metric.
  package var metric: EvaluationMetric {
    switch self {
    case .pascalVOC(let result): result.metric == .voc07 ? .voc07 : .voc12
    case .coco: .coco
    }
  }

  /// The metric's mean over the classes that have an object to find; nil if none has.
  package var meanAveragePrecision: Double? {
    switch self {
    case .pascalVOC(let result): result.meanAveragePrecision
    case .coco(let result): result[.averagePrecision]
    }
  }

  /// What is known of a class whatever the metric.
  package struct ClassSummary: Sendable, Equatable {
    /// By the metric, 0 … 1; nil without an object to find.
    package let averagePrecision: Double?
    /// Objects to find.
    package let objects: Int
    /// Detections that the metric looked at and did not ignore, right or wrong.
    package let detections: Int
    /// Largest precision at the recalls 0, 0.01 … 1 or above, at an IoU of 0.5; empty without an object to find.
    package let precision: [Double]
  }

  /// One summary per class, label 1 first.
  package var classes: [ClassSummary] {
    switch self {
    case .pascalVOC(let result):
      result.classes.map {
        ClassSummary(
          averagePrecision: $0.averagePrecision, objects: $0.groundTruthCount,
          detections: $0.truePositives + $0.falsePositives, precision: $0.precisionAtRecalls)
      }
    case .coco(let result):
      result.classes.map {
        ClassSummary(
          averagePrecision: $0.averagePrecision, objects: $0.groundTruthCount, detections: $0.detectionCount,
          precision: $0.precision50)
      }
    }
  }
}

extension PascalVOCClassResult {
  /// Largest precision at the recalls 0, 0.01 … 1 or above; empty without an object to find.
  fileprivate var precisionAtRecalls: [Double] {
    if averagePrecision == nil { return [] }
    var precisions = Array(repeating: 0.0, count: COCOProtocol.recalls.count)
    var (largest, position) = (0.0, precision.count)
    for index in precisions.indices.reversed() {
      while position > 0, recall[position - 1] >= COCOProtocol.recalls[index] {
        position -= 1
        largest = max(largest, precision[position])
      }
      precisions[index] = largest
    }
    return precisions
  }
}
