import Detection

/// What becomes of objects that the annotator marked as difficult.
package enum DifficultPolicy: String, CaseIterable, Sendable {
  /// Used in training, ignored in evaluation (neither a hit nor a miss counts), as in the original release.
  case trainOnly = "train-only"
  /// Dropped in training, ignored in evaluation.
  case never
  /// Used in training and counted as any other object in evaluation.
  case always
}

extension AnnotatedImage {
  /// The objects to train on; crowds are none.
  package func trainingObjects(difficult policy: DifficultPolicy) -> [GroundTruth] {
    let all = objects.filter { !$0.isCrowd }.map(\.groundTruth)
    return policy == .never ? all.filter { !$0.isDifficult } : all
  }

  /// The objects to evaluate against; a metric ignores crowds and those that are still marked as difficult.
  package func evaluationObjects(difficult policy: DifficultPolicy) -> [AnnotatedObject] {
    policy == .always ? objects.map(\.countedAsOrdinary) : objects
  }
}

extension AnnotatedObject {
  /// The same object without its mark.
  fileprivate var countedAsOrdinary: AnnotatedObject {
    var copy = self
    copy.groundTruth.isDifficult = false
    return copy
  }
}
