/// Precision and recall of a class in one area range.
struct COCOCurve: Sendable, Equatable {
  /// Largest precision at each of `COCOProtocol.recalls` or above, for each threshold: [thresholds, recalls].
  let precision: [Double]
  /// Recall of all detections, for each threshold.
  let recall: [Double]

  /// The part of `precision` of one threshold.
  func precision(threshold: Int) -> ArraySlice<Double> {
    let count = COCOProtocol.recalls.count
    return precision[threshold * count..<(threshold + 1) * count]
  }
}

extension COCOClassMatches {
  /// Puts the detections of all images in the order of falling scores; equal ones keep their order.
  mutating func sort() {
    let order = detections.enumerated().map { (score: $1.score, position: $0) }.sorted {
      $0.score != $1.score ? $0.score > $1.score : $0.position < $1.position
    }
    detections = order.map { detections[$0.position] }
  }

  /// The curves of the sorted detections; nil without an object to find.
  ///
  /// ### Source
  /// `COCOeval.accumulate` of pycocotools 2.0.11. Precision can only rise where an object is found, so only these places
  /// are looked at.
  func curve(area: Int) -> COCOCurve? {
    let objectCount = objectCounts[area]
    guard objectCount > 0 else { return nil }
    var precision: [Double] = []
    var recall: [Double] = []
    for threshold in COCOProtocol.thresholds.indices {
      var envelope = precisionWhereFound(threshold, area: area)
      for index in envelope.indices.dropLast().reversed() {
        envelope[index] = max(envelope[index], envelope[index + 1])
      }
      recall.append(Double(envelope.count) / Double(objectCount))
      var found = 1
      for level in COCOProtocol.recalls {
        while found <= envelope.count, Double(found) / Double(objectCount) < level { found += 1 }
        precision.append(found <= envelope.count ? envelope[found - 1] : 0)
      }
    }
    return COCOCurve(precision: precision, recall: recall)
  }

  /// Precision after the first, second … object found.
  private func precisionWhereFound(_ threshold: Int, area: Int) -> [Double] {
    let bit: UInt16 = 1 << UInt16(threshold)
    var counted = 0
    var precision: [Double] = []
    for detection in detections where detection.ignored[area] & bit == 0 {
      counted += 1
      if detection.found[area] & bit != 0 {
        precision.append(Double(precision.count + 1) / (Double(counted) + .ulpOfOne))
      }
    }
    return precision
  }

  /// Recall for each threshold with so many detections of each image; nil without an object to find.
  func recall(maximumDetections: Int) -> [Double]? {
    let all = COCOAreaRange.all.rawValue
    guard objectCounts[all] > 0 else { return nil }
    return COCOProtocol.thresholds.indices.map { threshold in
      let bit: UInt16 = 1 << UInt16(threshold)
      let found = detections.count {
        $0.rank < maximumDetections && $0.found[all] & bit != 0 && $0.ignored[all] & bit == 0
      }
      return Double(found) / Double(objectCounts[all])
    }
  }
}
