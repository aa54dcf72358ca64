/// How Pascal VOC turns a precision–recall curve into one number.
package enum VOCMetric: String, Sendable, CaseIterable {
  /// Mean over the recalls 0, 0.1 … 1 of the largest precision at this recall or above (VOC2007).
  ///
  /// Recalls are compared exactly, as fractions: 3 of 10 objects reach the recall 0.3. Programs that compare rounded
  /// numbers decide such a tie either way.
  case voc07
  /// Area under the curve of the largest precision at each recall or above (VOC2010 and later).
  case voc12

  /// Average precision of a curve.
  ///
  /// - Parameters:
  ///   - truePositives: number of objects found among the first 1, 2 … detections.
  ///   - precision: fraction of true positives among them.
  ///   - groundTruthCount: number of objects, positive.
  func averagePrecision(truePositives: [Int], precision: [Double], groundTruthCount: Int) -> Double {
    var envelope = precision
    for index in envelope.indices.dropLast().reversed() {
      envelope[index] = max(envelope[index], envelope[index + 1])
    }
    var sum = 0.0
    switch self {
    case .voc07:
      for tenths in 0...10 {
        if let first = truePositives.firstIndex(where: { $0 * 10 >= tenths * groundTruthCount }) {
          sum += envelope[first]
        }
      }
      return sum / 11
    case .voc12:
      var previous = 0
      for (found, precision) in zip(truePositives, envelope) where found > previous {
        sum += precision * Double(found - previous)
        previous = found
      }
      return sum / Double(groundTruthCount)
    }
  }
}
