import Detection
import Evaluation
import Foundation
import Images
import Inference
import TestSupport
import Testing

struct EvaluationReportTests {
  /// A dog found and taken for a cat in the first image, a cat missed in the second.
  private var evaluation: SplitEvaluation {
    let (left, right) = (
      PixelBox(xMin: 0, yMin: 0, xMax: 40, yMax: 40), PixelBox(xMin: 60, yMin: 0, xMax: 99, yMax: 40)
    )
    return SplitEvaluation(
      classNames: ["cat", "dog", "cow"], identifiers: ["a", "b"],
      images: [
        ImageResult(
          imageIndex: 0,
          groundTruth: [PixelGroundTruth(box: left, label: 2), PixelGroundTruth(box: right, label: 2)],
          detections: [
            PixelDetection(box: left, label: 2, score: 0.9), PixelDetection(box: right, label: 1, score: 0.8),
            PixelDetection(box: left, label: 3, score: 0.3),
          ]),
        ImageResult(imageIndex: 1, groundTruth: [PixelGroundTruth(box: left, label: 1)], detections: []),
      ], seconds: 1.5)
  }

  private func write(_ metric: EvaluationMetric) throws -> (TemporaryDirectory, [String: Any]) {
    let directory = try TemporaryDirectory()
    try EvaluationReport(evaluation, metric: metric).write(to: directory.path + "/new")
    let data = try Data(contentsOf: URL(fileURLWithPath: directory.path + "/new/evaluation.json"))
    return (directory, try #require(JSONSerialization.jsonObject(with: data) as? [String: Any]))
  }

  @Test(arguments: EvaluationMetric.allCases)
  func `The summary has classes, kinds of errors and confusions whatever the metric`(metric: EvaluationMetric) throws {
    let json = try write(metric).1
    #expect(json["metric"] as? String == metric.rawValue && json["images"] as? Int == 2)
    #expect(json["seconds"] as? Double == 1.5 && json["error_score_threshold"] as? Double == 0.5)
    #expect(json["confusions"] as? [String: [String: Int]] == ["dog": ["cat": 1]])
    let classes = try #require(json["classes"] as? [[String: Any]])
    #expect(classes.map { $0["class"] as? String } == ["cat", "dog", "cow"])
    #expect(
      classes.map { $0["objects"] as? Int } == [1, 2, 0] && classes.map { $0["detections"] as? Int } == [1, 1, 1])
    #expect(classes[0]["AP"] as? Double == 0 && classes[2]["AP"] is NSNull)
    let kinds = ["correct", "duplicate", "localisation", "confusion", "background", "missed"]
    let errors = try classes.map { row in
      let counts = try #require(row["errors"] as? [String: Int])
      #expect(Set(counts.keys) == Set(kinds))
      return kinds.map { counts[$0]! }
    }
    #expect(errors == [[0, 0, 0, 1, 0, 1], [1, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0]])
  }

  @Test func `The keys of Pascal VOC's and of COCO's metric are those of their scores`() throws {
    let voc = try write(.voc12).1
    #expect(voc["mAP"] as? Double == 0.25)
    let precisions = try #require(voc["AP"] as? [String: Any])
    #expect(precisions["dog"] as? Double == 0.5 && precisions["cow"] is NSNull)
    let coco = try write(.coco).1
    // 51 of 101 recalls of the dogs, none of the cats.
    let mean = try #require(coco["AP"] as? Double)
    #expect(abs(mean - 51 / 202) < 1e-14 && coco["APl"] as? Double == -1)
    #expect(COCOStatistic.allCases.allSatisfy { coco[$0.rawValue] is Double })
  }

  @Test func `The curves are drawn`() throws {
    let directory = try write(.voc07).0
    let picture = try Image(contentsOf: directory.path + "/new/precision-recall.png")
    #expect(picture.width == 900 && picture.height == 540)
    // The first line is the dogs', blue, from recall 0 to 0.5 at precision 1.
    func bluePixels(_ columns: Range<Int>) -> Int {
      columns.count { column in
        (90..<picture.height).contains { row in
          let start = (row * picture.width + column) * 3
          return Int(picture.pixels[start + 2]) - Int(picture.pixels[start]) > 60
        }
      }
    }
    #expect(bluePixels(150..<400) > 240 && bluePixels(520..<850) == 0)
  }
}
