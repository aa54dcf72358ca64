import Evaluation
import Files
import Foundation

/// What a metric found, for people and for programs.
package struct ScoreSheet: Sendable {
  /// Names of the classes, label 1 first, all different.
  package let classNames: [String]
  /// Images scored.
  package let imageCount: Int
  /// The metric.
  package let result: EvaluationResult

  /// Joins a result with the names of its classes.
  package init(classNames: [String], imageCount: Int, result: EvaluationResult) {
    self.classNames = classNames
    self.imageCount = imageCount
    self.result = result
  }

  /// "0.7312", or "undefined" when no class has an object to find.
  package var meanAveragePrecisionText: String { Self.digits(result.meanAveragePrecision) }

  package static func digits(_ precision: Double?) -> String {
    precision.map { String(format: "%.4f", $0) } ?? "undefined"
  }

  /// A table of the classes for people, then the means. The last line has the mAP.
  package var table: String {
    let rows: [[String]]
    var means = ""
    switch result {
    case .pascalVOC(let result):
      rows =
        [["class", "AP", "objects", "TP", "FP"]]
        + zip(classNames, result.classes).map { name, result in
          [
            name, Self.digits(result.averagePrecision), "\(result.groundTruthCount)", "\(result.truePositives)",
            "\(result.falsePositives)",
          ]
        }
    case .coco(let result):
      rows =
        [["class", "AP", "AP50", "AP75", "objects", "detections"]]
        + zip(classNames, result.classes).map { name, result in
          [
            name, Self.digits(result.averagePrecision), Self.digits(result.averagePrecision50),
            Self.digits(result.averagePrecision75), "\(result.groundTruthCount)", "\(result.detectionCount)",
          ]
        }
      let statistics = COCOStatistic.allCases
      means = [statistics.prefix(6), statistics.suffix(6)].map { half in
        TextTable([half.map(\.rawValue), half.map { Self.digits(result[$0]) }]).text + "\n\n"
      }.joined()
    }
    return TextTable(rows).text + "\n\n" + means
      + "mAP (\(result.metric.rawValue)) \(meanAveragePrecisionText) on \(imageCount) images"
  }
}

extension ScoreSheet: Encodable {
  private enum Key: String, CodingKey {
    case metric, mAP, AP
  }

  /// For Pascal VOC the keys `metric`, `mAP` and `AP`, with null where there is no object to find; for COCO the twelve
  /// names, with −1 there, as COCO's own programs have it.
  package func encode(to encoder: any Encoder) throws {
    switch result {
    case .pascalVOC(let result):
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(self.result.metric.rawValue, forKey: .metric)
      try container.encode(result.meanAveragePrecision, forKey: .mAP)
      let precisions = zip(classNames, result.classes.map(\.averagePrecision))
      try container.encode(Dictionary(uniqueKeysWithValues: precisions), forKey: .AP)
    case .coco(let result):
      var container = encoder.container(keyedBy: COCOStatistic.self)
      for statistic in COCOStatistic.allCases { try container.encode(result[statistic] ?? -1, forKey: statistic) }
    }
  }
}

extension COCOStatistic: CodingKey {}
