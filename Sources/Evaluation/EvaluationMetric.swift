/// The metrics there are; the raw values are their names on the command line and in files.
package enum EvaluationMetric: String, Sendable, CaseIterable {
  /// Pascal VOC's average precision at 11 points.
  case voc07
  /// Pascal VOC's average precision as the area under the curve.
  case voc12
  /// COCO's average precision over several IoU thresholds.
  case coco
}
