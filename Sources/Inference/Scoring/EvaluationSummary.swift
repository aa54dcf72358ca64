import Evaluation

/// The content of `evaluation.json`: the keys of ``ScoreSheet``, the classes one by one, and what the detector does wrong.
struct EvaluationSummary: Encodable {
  private struct ClassRow: Encodable {
    let `class`: String
    let AP: Double?
    let objects: Int
    let detections: Int
    let errors: ErrorCounts

    private enum Key: String, CodingKey {
      case `class`, AP, objects, detections, errors
    }

    /// Writes null where there is no average precision.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(`class`, forKey: .class)
      try container.encode(AP, forKey: .AP)
      try container.encode(objects, forKey: .objects)
      try container.encode(detections, forKey: .detections)
      try container.encode(errors, forKey: .errors)
    }
  }

  private struct ErrorCounts: Encodable {
    let correct, duplicate, localisation, confusion, background, missed: Int

    init(_ counts: DetectionErrors.Counts) {
      (correct, duplicate, localisation) = (counts.correct, counts.duplicate, counts.localisation)
      (confusion, background, missed) = (counts.confusion, counts.background, counts.missed)
    }
  }

  private let sheet: ScoreSheet
  private let seconds: Double
  private let damagedImages: Int
  private let errors: DetectionErrors

  init(_ sheet: ScoreSheet, of evaluation: SplitEvaluation) {
    self.sheet = sheet
    seconds = evaluation.seconds
    damagedImages = evaluation.damagedImageCount
    errors = DetectionErrors(evaluation.images, objectClassCount: sheet.classNames.count)
  }

  private enum Key: String, CodingKey {
    case metric, images, seconds, classes, confusions
    case damagedImages = "damaged_images"
    case errorScoreThreshold = "error_score_threshold"
  }

  func encode(to encoder: any Encoder) throws {
    try sheet.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(sheet.result.metric.rawValue, forKey: .metric)
    try container.encode(sheet.imageCount, forKey: .images)
    try container.encode(damagedImages, forKey: .damagedImages)
    try container.encode(seconds, forKey: .seconds)
    let results = zip(sheet.result.classes, errors.classes)
    let rows = zip(sheet.classNames, results).map { name, results in
      ClassRow(
        class: name, AP: results.0.averagePrecision, objects: results.0.objects, detections: results.0.detections,
        errors: ErrorCounts(results.1))
    }
    try container.encode(rows, forKey: .classes)
    try container.encode(errors.scoreThreshold, forKey: .errorScoreThreshold)
    try container.encode(confusions, forKey: .confusions)
  }

  /// Detections by the class of the object they lie on, then by their own.
  private var confusions: [String: [String: Int]] {
    var counts: [String: [String: Int]] = [:]
    for confusion in errors.confusions {
      let names = (sheet.classNames[confusion.annotated - 1], sheet.classNames[confusion.detected - 1])
      counts[names.0, default: [:]][names.1] = confusion.count
    }
    return counts
  }
}
