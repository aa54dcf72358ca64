import Datasets
import Evaluation
import Files
import Foundation

/// The files that an evaluation leaves: `evaluation.json` with the metric and the kinds of errors, `detections.json` in the
/// COCO results format, `precision-recall.png` with the curves.
package struct EvaluationReport {
  /// The detections and annotations.
  package let evaluation: SplitEvaluation
  /// The metric.
  package let sheet: ScoreSheet

  /// Joins what was detected with its metric.
  package init(_ evaluation: SplitEvaluation, metric: EvaluationMetric) throws {
    self.evaluation = evaluation
    sheet = ScoreSheet(
      classNames: evaluation.classNames, imageCount: evaluation.images.count, result: try evaluation.score(metric))
  }

  private struct COCOResult: Encodable {
    let image_id: COCOFileIdentifier
    let category_id: Int
    let bbox: [Double]
    let score: Double
  }

  /// Writes the files into `directory`, which is made when it does not exist.
  ///
  /// - Throws: ``FileError`` naming the file that cannot be written.
  package func write(to directory: String) throws {
    try Directory.create(directory)
    let summary = EvaluationSummary(sheet, of: evaluation)
    try AtomicFile.replace(directory + "/evaluation.json", with: try JSONText.page(summary) + "\n")
    try AtomicFile.replace(directory + "/detections.json", with: try JSONText.line(cocoResults) + "\n")
    try PrecisionRecallPlot(sheet).write(to: directory + "/precision-recall.png")
  }

  /// Boxes are [x, y, width, height] in 0-based pixels. Images and classes have the numbers of the COCO file that they are
  /// from; otherwise images have their names, and the category is the label, 1 for the first class. A class that the file
  /// does not have is left out: no number could stand for it.
  private var cocoResults: [COCOResult] {
    let numbers = evaluation.cocoIdentifiers
    return evaluation.images.flatMap { image in
      let name = evaluation.identifiers[image.imageIndex]
      return image.detections.compactMap { detection -> COCOResult? in
        guard let category = numbers.map({ $0.categories[detection.label - 1] }) ?? detection.label else { return nil }
        let box = detection.box
        return COCOResult(
          image_id: numbers?.images[image.imageIndex] ?? .name(name), category_id: category,
          bbox: [box.xMin, box.yMin, box.xMax - box.xMin, box.yMax - box.yMin], score: detection.score)
      }
    }
  }
}
