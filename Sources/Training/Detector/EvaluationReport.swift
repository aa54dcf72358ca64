import Datasets
import Evaluation
import Foundation

/// The files that an evaluation leaves: `evaluation.json` with the metric, `detections.json` in the COCO results format.
public struct EvaluationReport {
  /// The detections and annotations.
  public let evaluation: SplitEvaluation
  /// The metric.
  public let result: PascalVOCResult

  /// Joins what was detected with its metric.
  public init(_ evaluation: SplitEvaluation, _ result: PascalVOCResult) {
    self.evaluation = evaluation
    self.result = result
  }

  /// Average precision by class name; null for a class without ground truth.
  public var averagePrecision: [String: Double?] {
    Dictionary(uniqueKeysWithValues: zip(evaluation.classNames, result.classes.map(\.averagePrecision)))
  }

  /// "0.7312", or "undefined" when no class has ground truth.
  var meanAveragePrecisionText: String { Self.digits(result.meanAveragePrecision) }

  private static func digits(_ precision: Double?) -> String {
    precision.map { String(format: "%.4f", $0) } ?? "undefined"
  }

  /// A table for people: AP, ground truth, true and false positives by class, then mAP.
  public var table: String {
    var rows = [["class", "AP", "objects", "found", "false"]]
    for (name, result) in zip(evaluation.classNames, result.classes) {
      rows.append([
        name, Self.digits(result.averagePrecision), "\(result.groundTruthCount)", "\(result.truePositives)",
        "\(result.falsePositives)",
      ])
    }
    return TextTable(rows).text
      + "\n\nmAP (\(result.metric.rawValue)) \(meanAveragePrecisionText) on \(evaluation.images.count) images"
  }

  private struct Summary: Encodable {
    let metric: String
    let mAP: Double?
    let AP: [String: Double?]
    let images: Int
    let seconds: Double
  }

  /// The number of an image in a COCO file, or its name in other data sets.
  private enum ImageIdentifier: Encodable {
    case number(Int)
    case name(String)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .name(let name): try container.encode(name)
      }
    }
  }

  private struct COCOResult: Encodable {
    let image_id: ImageIdentifier
    let category_id: Int
    let bbox: [Double]
    let score: Double
  }

  /// Writes both files into `directory`, which is made when it does not exist.
  ///
  /// - Throws: ``CheckpointError`` naming the file that cannot be written.
  public func write(to directory: String) throws {
    try RunDirectory.create(directory)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    let summary = Summary(
      metric: result.metric.rawValue, mAP: result.meanAveragePrecision, AP: averagePrecision,
      images: evaluation.images.count, seconds: evaluation.seconds)
    try AtomicFile.replace(directory + "/evaluation.json", with: text(try encoder.encode(summary)))
    encoder.outputFormatting = [.sortedKeys]
    try AtomicFile.replace(directory + "/detections.json", with: text(try encoder.encode(cocoResults)))
  }

  /// Boxes are [x, y, width, height] in 0-based pixels. Images and classes have the numbers of the COCO file that they are
  /// from; otherwise images have their names, and the category is the label, 1 for the first class.
  private var cocoResults: [COCOResult] {
    let numbers = evaluation.cocoIdentifiers
    return evaluation.images.flatMap { image in
      let name = evaluation.identifiers[image.imageIndex]
      return image.detections.map { detection in
        let box = detection.box
        return COCOResult(
          image_id: numbers.map { .number($0.images[image.imageIndex]) } ?? .name(name),
          category_id: numbers?.categories[detection.label - 1] ?? detection.label,
          bbox: [box.xMin, box.yMin, box.xMax - box.xMin, box.yMax - box.yMin], score: detection.score)
      }
    }
  }

  private func text(_ json: Data) -> String { String(decoding: json, as: UTF8.self) + "\n" }
}
