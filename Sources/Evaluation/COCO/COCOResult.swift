/// One of the twelve numbers of COCO's metric; the raw value is its usual name.
package enum COCOStatistic: String, Sendable, CaseIterable {
  /// Average precision, the mean over IoU thresholds from 0.5 to 0.95.
  case averagePrecision = "AP"
  /// Average precision at an IoU of 0.5.
  case averagePrecision50 = "AP50"
  /// Average precision at an IoU of 0.75.
  case averagePrecision75 = "AP75"
  /// Average precision of small objects.
  case averagePrecisionSmall = "APs"
  /// Average precision of medium objects.
  case averagePrecisionMedium = "APm"
  /// Average precision of large objects.
  case averagePrecisionLarge = "APl"
  /// Average recall with one detection of a class in an image.
  case averageRecall1 = "AR1"
  /// Average recall with ten detections of a class in an image.
  case averageRecall10 = "AR10"
  /// Average recall with a hundred detections of a class in an image.
  case averageRecall100 = "AR100"
  /// Average recall of small objects.
  case averageRecallSmall = "ARs"
  /// Average recall of medium objects.
  case averageRecallMedium = "ARm"
  /// Average recall of large objects.
  case averageRecallLarge = "ARl"
}

/// What COCO's metric found for one class.
package struct COCOClassResult: Sendable, Equatable {
  /// Class index, 1 … classes.
  package let label: Int
  /// Objects to find, of any size; crowds and ignored ones are not among them.
  package let groundTruthCount: Int
  /// Detections that were looked at, at most a hundred of each image.
  package let detectionCount: Int
  /// By area range; nil without an object to find.
  let curves: [COCOCurve?]
  /// Recall by threshold with one and with ten detections of each image.
  let recall1, recall10: [Double]?

  /// Mean precision over all IoU thresholds and 101 recalls; nil without an object to find.
  package var averagePrecision: Double? { curves[COCOAreaRange.all.rawValue].flatMap { pairwiseMean($0.precision) } }
  /// Mean precision over 101 recalls at an IoU of 0.5; nil without an object to find.
  package var averagePrecision50: Double? { averagePrecision(threshold: COCOProtocol.half) }
  /// Mean precision over 101 recalls at an IoU of 0.75; nil without an object to find.
  package var averagePrecision75: Double? { averagePrecision(threshold: COCOProtocol.threeQuarters) }

  private func averagePrecision(threshold: Int) -> Double? {
    curves[COCOAreaRange.all.rawValue].flatMap { pairwiseMean(Array($0.precision(threshold: threshold))) }
  }

  /// Largest precision at the recalls 0, 0.01 … 1 or above, at an IoU of 0.5; empty without an object to find.
  package var precision50: [Double] {
    curves[COCOAreaRange.all.rawValue].map { Array($0.precision(threshold: COCOProtocol.half)) } ?? []
  }
}

/// What COCO's metric found for all classes.
package struct COCOResult: Sendable, Equatable {
  /// One result per class, label 1 first.
  package let classes: [COCOClassResult]

  /// One of the twelve numbers, the mean over the classes that have an object to find; nil if none has.
  ///
  /// ### Source
  /// `COCOeval.summarize` of pycocotools 2.0.11, which says −1 where this says nil.
  package subscript(_ statistic: COCOStatistic) -> Double? {
    switch statistic {
    case .averagePrecision: meanPrecision(.all)
    case .averagePrecision50: meanPrecision(.all, threshold: COCOProtocol.half)
    case .averagePrecision75: meanPrecision(.all, threshold: COCOProtocol.threeQuarters)
    case .averagePrecisionSmall: meanPrecision(.small)
    case .averagePrecisionMedium: meanPrecision(.medium)
    case .averagePrecisionLarge: meanPrecision(.large)
    case .averageRecall1: mean(classes.compactMap(\.recall1))
    case .averageRecall10: mean(classes.compactMap(\.recall10))
    case .averageRecall100: mean(curves(.all).map(\.recall))
    case .averageRecallSmall: mean(curves(.small).map(\.recall))
    case .averageRecallMedium: mean(curves(.medium).map(\.recall))
    case .averageRecallLarge: mean(curves(.large).map(\.recall))
    }
  }

  private func curves(_ area: COCOAreaRange) -> [COCOCurve] { classes.compactMap { $0.curves[area.rawValue] } }

  private func meanPrecision(_ area: COCOAreaRange, threshold: Int? = nil) -> Double? {
    mean(curves(area).map { curve in threshold.map { Array(curve.precision(threshold: $0)) } ?? curve.precision })
  }

  /// The mean over all classes and all positions of their lists, added position by position as pycocotools does.
  private func mean(_ lists: [[Double]]) -> Double? {
    guard let count = lists.first?.count else { return nil }
    var terms: [Double] = []
    terms.reserveCapacity(count * lists.count)
    for position in 0..<count {
      for list in lists { terms.append(list[position]) }
    }
    return pairwiseMean(terms)
  }
}
