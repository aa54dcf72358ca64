import Detection
import Evaluation
import Testing

struct EvaluationResultTests {
  private let box = PixelBox(xMin: 0, yMin: 0, xMax: 40, yMax: 40)
  private let other = PixelBox(xMin: 100, yMin: 0, xMax: 140, yMax: 40)
  private let nowhere = PixelBox(xMin: 300, yMin: 0, xMax: 340, yMax: 40)

  /// Found, false, found in the first class, nothing but a detection in the second.
  private var images: [ImageResult] {
    [
      ImageResult(
        imageIndex: 0,
        groundTruth: [PixelGroundTruth(box: box, label: 1), PixelGroundTruth(box: other, label: 1)],
        detections: [
          PixelDetection(box: box, label: 1, score: 0.9), PixelDetection(box: nowhere, label: 1, score: 0.8),
          PixelDetection(box: other, label: 1, score: 0.7), PixelDetection(box: other, label: 2, score: 0.7),
        ])
    ]
  }

  @Test(arguments: EvaluationMetric.allCases)
  func `Every metric gives the same summary of classes`(metric: EvaluationMetric) throws {
    let result = try EvaluationResult(images, objectClassCount: 2, metric: metric)
    #expect(result.metric == metric)
    #expect(result.meanAveragePrecision == result.classes[0].averagePrecision)
    #expect(result.classes.map(\.objects) == [2, 0] && result.classes.map(\.detections) == [3, 1])
    #expect(result.classes[1].averagePrecision == nil && result.classes[1].precision.isEmpty)
    let precision = result.classes[0].precision
    #expect(precision.count == 101)
    #expect(precision[...50].allSatisfy { abs($0 - 1) < 1e-15 })
    #expect(precision[51...].allSatisfy { abs($0 - 2 / 3.0) < 1e-15 })
  }

  @Test func `The curve of a class that finds half of its objects ends there`() throws {
    var images = images
    images[0].detections.removeLast(2)
    for metric in EvaluationMetric.allCases {
      let precision = try EvaluationResult(images, objectClassCount: 2, metric: metric).classes[0].precision
      #expect(abs(precision[50] - 1) < 1e-15 && precision[51] == 0, "\(metric)")
    }
  }

  /// For the metric of COCO a difficult object is ignored.
  @Test(arguments: EvaluationMetric.allCases)
  func `Difficult objects and crowds are not to be found`(metric: EvaluationMetric) throws {
    var images = images
    images[0].groundTruth[0].isDifficult = true
    images[0].groundTruth[1].isCrowd = true
    let result = try EvaluationResult(images, objectClassCount: 2, metric: metric)
    #expect(result.classes[0].objects == 0 && result.meanAveragePrecision == nil)
  }

  @Test func `The stated area of an object decides its size, else that of its box`() throws {
    var images = images
    func small() throws -> Double? {
      let result = try EvaluationResult(images, objectClassCount: 2, metric: .coco)
      guard case .coco(let result) = result else { return nil }
      return result[.averageRecallSmall]
    }
    #expect(try small() == nil)
    images[0].groundTruth[0].area = 1000
    #expect(try small() == 1)
  }
}
