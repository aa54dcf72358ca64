import Detection
import Evaluation

/// How well a class is found, and what stands in the way.
struct ClassAnalysis {
  /// A point of the curve of precision over recall.
  struct Operation: Sendable {
    /// The lowest score that counts.
    var threshold = 1.0
    var precision = 0.0
    var recall = 0.0
    /// 2 · precision · recall / (precision + recall).
    var f1: Double { precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0 }
  }

  /// The name.
  let name: String
  /// Objects to find.
  let objects: Int
  /// By the metric.
  let averagePrecision: Double?
  /// Objects in the training split; nil where it is not known.
  let trainingObjects: Int?
  /// Where F1 is largest.
  private(set) var best = Operation()
  /// Every operation, by falling threshold.
  private(set) var curve: [Operation] = []

  /// Follows the detections of a class from the highest score down.
  init(
    _ label: Int, name: String, averagePrecision: Double?, trainingObjects: Int?, _ images: [JudgedImage]
  ) {
    (self.name, self.averagePrecision, self.trainingObjects) = (name, averagePrecision, trainingObjects)
    objects = images.reduce(0) { sum, image in
      sum + image.objects.count { $0.label == label && !$0.isDifficult && !$0.isCrowd }
    }
    guard objects > 0 else { return }
    let found = images.flatMap { image in
      image.detections.compactMap { detection, kind -> (score: Double, isCorrect: Bool)? in
        guard detection.label == label, kind != .ignored else { return nil }
        if case .correct = kind { return (detection.score, true) }
        return (detection.score, false)
      }
    }.sorted { $0.score > $1.score }
    var correct = 0
    for (index, detection) in found.enumerated() {
      correct += detection.isCorrect ? 1 : 0
      let operation = Operation(
        threshold: detection.score, precision: Double(correct) / Double(index + 1),
        recall: Double(correct) / Double(objects))
      curve.append(operation)
      if operation.f1 > best.f1 { best = operation }
    }
  }

  /// What detections with at least a score reach.
  func operation(from threshold: Double) -> Operation {
    var (low, high) = (0, curve.count)
    while low < high {
      let middle = (low + high) / 2
      if curve[middle].threshold >= threshold { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? curve[low - 1] : Operation()
  }
}
