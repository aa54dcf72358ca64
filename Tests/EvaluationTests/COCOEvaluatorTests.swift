import Detection
import Evaluation
import Randomness
import Testing

/// What can be computed by hand; `PycocotoolsParityTests` has the rest.
struct COCOEvaluatorTests {
  private let left = COCOBox(x: 0, y: 0, width: 40, height: 40)
  private let right = COCOBox(x: 100, y: 0, width: 40, height: 40)
  private let nowhere = COCOBox(x: 300, y: 300, width: 40, height: 40)

  private func object(
    _ box: COCOBox, label: Int = 1, area: Double? = nil, isCrowd: Bool = false, isIgnored: Bool = false
  ) -> COCOObject {
    COCOObject(box: box, label: label, area: area ?? box.area, isCrowd: isCrowd, isIgnored: isIgnored)
  }

  private func detection(_ box: COCOBox, _ score: Double, label: Int = 1) -> COCODetection {
    COCODetection(box: box, label: label, score: score)
  }

  private func result(_ objects: [COCOObject], _ detections: [COCODetection], classes: Int = 1) throws -> COCOResult {
    var evaluator = COCOEvaluator(objectClassCount: classes)
    try evaluator.add(COCOImageResult(imageIndex: 0, objects: objects, detections: detections))
    return evaluator.evaluate()
  }

  /// Within some roundings; pycocotools adds 2⁻⁵² to a denominator, so that 1 of 1 is not quite 1.
  private func expect(
    _ value: Double?, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(abs((value ?? .nan) - expected) < 1e-14, "\(value as Any)", sourceLocation: sourceLocation)
  }

  /// Found, false, found: the precision is 1 at recalls up to 1/2, which are 51 of 101, and 2/3 above.
  @Test func `Average precision is the mean over 101 recalls`() throws {
    let result = try result(
      [object(left), object(right)], [detection(left, 0.9), detection(nowhere, 0.8), detection(right, 0.7)])
    let expected = (51 + 50 * 2 / 3.0) / 101
    expect(result[.averagePrecision], expected)
    expect(result[.averagePrecision50], expected)
    expect(result[.averagePrecision75], expected)
    expect(result[.averagePrecisionMedium], expected)
    #expect(result[.averageRecall1] == 0.5 && result[.averageRecall10] == 1 && result[.averageRecall100] == 1)
    #expect(result[.averagePrecisionSmall] == nil && result[.averageRecallLarge] == nil)
    #expect(result.classes[0].groundTruthCount == 2 && result.classes[0].detectionCount == 3)
    #expect(result.classes[0].precision50.count == 101)
    expect(result.classes[0].precision50[50], 1)
    expect(result.classes[0].precision50[51], 2 / 3.0)
  }

  /// Rows of 40 that the detection shares with the object, and the thresholds from 0.5 in steps of 0.05 that they reach.
  @Test(arguments: [(19, 0), (20, 1), (22, 2), (30, 6), (38, 10), (40, 10)])
  func `An IoU at a threshold reaches it`(rows: Int, thresholds: Int) throws {
    let part = COCOBox(x: 0, y: 0, width: 40, height: Double(rows))
    let result = try result([object(left)], [detection(part, 1)])
    expect(result[.averagePrecision], Double(thresholds) / 10)
  }

  @Test func `Any number of detections may lie in a crowd, and none counts`() throws {
    let crowd = COCOBox(x: 200, y: 0, width: 300, height: 300)
    let inside = (0..<4).map { detection(COCOBox(x: 210 + Double($0) * 50, y: 10, width: 30, height: 30), 0.9) }
    let objects = [object(left), object(crowd, isCrowd: true)]
    expect(try result(objects, inside + [detection(left, 0.5)])[.averagePrecision], 1)
    // Two fifths inside are too few.
    let beside = COCOBox(x: 140, y: 0, width: 100, height: 40)
    expect(try result(objects, [detection(beside, 0.9), detection(left, 0.5)])[.averagePrecision], 0.5)
  }

  @Test func `An ignored object takes one detection, the second of which is false`() throws {
    let objects = [object(left), object(right, isIgnored: true)]
    expect(try result(objects, [detection(right, 0.9), detection(left, 0.5)])[.averagePrecision], 1)
    let twice = try result(objects, [detection(right, 0.9), detection(right, 0.8), detection(left, 0.5)])
    expect(twice[.averagePrecision], 0.5)
  }

  @Test func `An object that counts is preferred to one that does not, whatever the IoU`() throws {
    let shifted = COCOBox(x: 8, y: 0, width: 40, height: 40)
    let result = try result([object(left, isIgnored: true), object(shifted)], [detection(left, 0.9)])
    expect(result[.averagePrecision50], 1)
  }

  @Test func `Sizes go by the area of the object, and both ends belong to a range`() throws {
    let result = try result([object(left, area: 1024)], [detection(left, 0.9)])
    expect(result[.averagePrecisionSmall], 1)
    expect(result[.averagePrecisionMedium], 1)
    #expect(result[.averagePrecisionLarge] == nil)
  }

  @Test func `Only the hundred best detections of a class are looked at`() throws {
    let wrong = (0..<100).map { detection(nowhere, 1 - Double($0) / 1000) }
    #expect(try result([object(left)], wrong + [detection(left, 0.5)])[.averageRecall100] == 0)
    #expect(try result([object(left)], wrong.dropLast() + [detection(left, 0.5)])[.averageRecall100] == 1)
  }

  @Test func `A class without objects does not count, one without detections does`() throws {
    let result = try result(
      [object(left), object(right, label: 2)], [detection(left, 0.9), detection(left, 1, label: 3)], classes: 3)
    expect(result.classes[0].averagePrecision, 1)
    #expect(result.classes[1].averagePrecision == 0 && result.classes[2].averagePrecision == nil)
    expect(result[.averagePrecision], 0.5)
    #expect(result[.averageRecall100] == 0.5)
    let nothing = try self.result([], [detection(left, 1)])
    #expect(COCOStatistic.allCases.allSatisfy { nothing[$0] == nil })
  }

  @Test func `The order of adding does not matter`() throws {
    var stream = RandomStream(seed: 3, purpose: .test)
    let images = (0..<20).map { index in
      let boxes = (0..<4).map { _ in
        COCOBox(x: Double(stream.integer(below: 30)), y: Double(stream.integer(below: 30)), width: 20, height: 20)
      }
      return COCOImageResult(
        imageIndex: index * 3, objects: boxes.prefix(2).map { object($0) },
        detections: boxes.map { detection($0, Double(stream.integer(below: 3))) })
    }
    var inOrder = COCOEvaluator(objectClassCount: 1)
    var shuffled = COCOEvaluator(objectClassCount: 1)
    for image in images { try inOrder.add(image) }
    for index in stream.permutation(count: images.count) { try shuffled.add(images[index]) }
    #expect(inOrder.evaluate() == shuffled.evaluate())
    #expect(0.01..<0.99 ~= inOrder.evaluate()[.averagePrecision]!)
  }

  @Test func `Invalid results are named`() throws {
    var evaluator = COCOEvaluator(objectClassCount: 2)
    func image(_ objects: [COCOObject], _ detections: [COCODetection]) -> COCOImageResult {
      COCOImageResult(imageIndex: 4, objects: objects, detections: detections)
    }
    #expect(throws: EvaluationError.unknownGroundTruthLabel(imageIndex: 4, object: 0, label: 3, objectClassCount: 2)) {
      try evaluator.add(image([object(left, label: 3)], []))
    }
    #expect(throws: EvaluationError.groundTruthNotFinite(imageIndex: 4, object: 0)) {
      try evaluator.add(image([object(left, area: .nan)], []))
    }
    #expect(throws: EvaluationError.unknownDetectionLabel(imageIndex: 4, detection: 1, label: 0, objectClassCount: 2)) {
      try evaluator.add(image([], [detection(left, 1), detection(left, 1, label: 0)]))
    }
    #expect(throws: EvaluationError.detectionNotFinite(imageIndex: 4, detection: 0)) {
      try evaluator.add(image([], [detection(left, .infinity)]))
    }
    try evaluator.add(image([], []))
    #expect(throws: EvaluationError.duplicateImage(imageIndex: 4)) { try evaluator.add(image([], [])) }
  }
}
