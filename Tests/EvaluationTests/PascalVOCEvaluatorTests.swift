import Detection
import Evaluation
import Randomness
import Testing

@Suite struct PascalVOCEvaluatorTests {
  private let classCount = 6

  /// Images with few boxes on a coarse grid: many equal scores, doubles, difficult objects, and images without anything.
  /// The last class is never annotated, the one before never detected.
  private func images(_ stream: inout RandomStream) -> [VOCImage] {
    let unit = stream.chance(0.5) ? 1 : 0.25
    func distance(below limit: Int) -> Double { Double(stream.integer(below: limit)) * unit }
    func box(near other: VOCBox?) -> VOCBox {
      if let other, stream.chance(0.7) {
        let shift = distance(below: 3)
        return VOCBox(
          xMin: other.xMin + shift, yMin: other.yMin, xMax: other.xMax + shift, yMax: other.yMax + distance(below: 3))
      }
      let x = 1 + distance(below: 20)
      let y = 1 + distance(below: 20)
      return VOCBox(xMin: x, yMin: y, xMax: x + 3 + distance(below: 10), yMax: y + 3 + distance(below: 10))
    }
    return (0..<1 + stream.integer(below: 8)).map { _ in
      var image = VOCImage(objects: [], detections: [])
      for _ in 0..<stream.integer(below: 6) {
        image.objects.append(
          (box(near: image.objects.last?.box), 1 + stream.integer(below: classCount - 1), stream.chance(0.25)))
      }
      for _ in 0..<stream.integer(below: 15) {
        let object = image.objects.isEmpty ? nil : image.objects[stream.integer(below: image.objects.count)]
        var label = object?.label ?? 1
        if label == classCount - 1 || stream.chance(0.2) { label = 1 + stream.integer(below: classCount - 2) }
        if stream.chance(0.1) { label = classCount }
        image.detections.append((box(near: object?.box), label, Double(stream.integer(below: 8)) / 8))
      }
      return image
    }
  }

  private func result(of image: VOCImage, index: Int, _ rule: EdgeRule = .inclusive) -> ImageResult {
    ImageResult(
      imageIndex: index,
      groundTruth: image.objects.map {
        PixelGroundTruth(box: $0.box.pixels(rule), label: $0.label, isDifficult: $0.isDifficult)
      },
      detections: image.detections.map {
        PixelDetection(box: $0.box.pixels(rule), label: $0.label, score: $0.score)
      })
  }

  @Test(arguments: VOCMetric.allCases, EdgeRule.allCases)
  func agreesWithReference(metric: VOCMetric, rule: EdgeRule) throws {
    var middling = 0
    for seed in 0..<200 as Range<UInt64> {
      var stream = RandomStream(seed: seed, purpose: .test)
      let images = images(&stream)
      var evaluator = PascalVOCEvaluator(objectClassCount: classCount)
      for (index, image) in images.enumerated() {
        try evaluator.add(result(of: image, index: index, rule))
      }
      let result = evaluator.evaluate(metric: metric)
      var expected: [Double] = []
      for classResult in result.classes {
        let reference = referenceAveragePrecision(images, label: classResult.label, metric: metric, rule)
        #expect((classResult.averagePrecision == nil) == (reference == nil))
        if let reference, let actual = classResult.averagePrecision {
          // Sums of some dozen terms below 1.
          #expect(abs(actual - reference) <= 1e-14)
          expected.append(reference)
          middling += actual > 0 && actual < 1 ? 1 : 0
        }
      }
      let mean = expected.isEmpty ? nil : expected.reduce(0, +) / Double(expected.count)
      #expect((result.meanAveragePrecision == nil) == (mean == nil))
      #expect(abs((result.meanAveragePrecision ?? 0) - (mean ?? 0)) <= 1e-14)
    }
    #expect(middling > 300)
  }

  /// Shards of the split may be gathered in any order.
  @Test func orderOfAddingDoesNotMatter() throws {
    for seed in 0..<50 as Range<UInt64> {
      var stream = RandomStream(seed: seed, purpose: .test, key: 1)
      let results = images(&stream).enumerated().map { result(of: $1, index: $0 * 3) }
      var inOrder = PascalVOCEvaluator(objectClassCount: classCount)
      var shuffled = PascalVOCEvaluator(objectClassCount: classCount)
      for image in results { try inOrder.add(image) }
      for index in stream.permutation(count: results.count) { try shuffled.add(results[index]) }
      #expect(inOrder.evaluate(metric: .voc12) == shuffled.evaluate(metric: .voc12))
      #expect(Set(shuffled.images.map(\.imageIndex)) == Set(results.map(\.imageIndex)))
    }
  }

  private let left = PixelBox(xMin: 0, yMin: 0, xMax: 10, yMax: 10)
  private let right = PixelBox(xMin: 20, yMin: 0, xMax: 30, yMax: 10)
  private let nowhere = PixelBox(xMin: 50, yMin: 50, xMax: 60, yMax: 60)

  /// Found, missed, found: precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1.
  @Test func curveComputedByHand() throws {
    var evaluator = PascalVOCEvaluator(objectClassCount: 1)
    try evaluator.add(
      imageIndex: 0,
      groundTruth: [PixelGroundTruth(box: left, label: 1), PixelGroundTruth(box: right, label: 1)],
      detections: [
        PixelDetection(box: right, label: 1, score: 0.7), PixelDetection(box: nowhere, label: 1, score: 0.8),
        PixelDetection(box: left, label: 1, score: 0.9),
      ])
    let voc07 = try #require(evaluator.evaluate(metric: .voc07).classes.first)
    let voc12 = try #require(evaluator.evaluate(metric: .voc12).classes.first)
    #expect(voc07.precision == [1, 0.5, 2.0 / 3])
    #expect(voc07.recall == [0.5, 0.5, 1])
    #expect(abs((voc07.averagePrecision ?? 0) - (6 + 5 * 2.0 / 3) / 11) <= 1e-15)
    #expect(abs((voc12.averagePrecision ?? 0) - (0.5 + 0.5 * 2 / 3)) <= 1e-15)
    #expect(voc12.truePositives == 2 && voc12.falsePositives == 1 && voc12.ignoredDetections == 0)
  }

  /// The second detection of an object is wrong; of a difficult object no detection counts.
  @Test func doublesAreWrongAndDifficultObjectsAreIgnored() throws {
    var evaluator = PascalVOCEvaluator(objectClassCount: 1)
    try evaluator.add(
      imageIndex: 0,
      groundTruth: [
        PixelGroundTruth(box: left, label: 1), PixelGroundTruth(box: right, label: 1, isDifficult: true),
      ],
      detections: [0.9, 0.8, 0.7, 0.6].enumerated().map { rank, score in
        PixelDetection(box: rank < 2 ? right : left, label: 1, score: score)
      })
    let result = try #require(evaluator.evaluate(metric: .voc12).classes.first)
    #expect(result.groundTruthCount == 1)
    #expect(result.precision == [1, 0.5] && result.recall == [1, 1])
    #expect(result.truePositives == 1 && result.falsePositives == 1 && result.ignoredDetections == 2)
    #expect(result.averagePrecision == 1)
  }

  /// A class never found has average precision 0 and counts; a class without objects has none and does not.
  @Test func classesWithoutDetectionsAndWithoutObjects() throws {
    var evaluator = PascalVOCEvaluator(objectClassCount: 3)
    #expect(evaluator.evaluate(metric: .voc07).meanAveragePrecision == nil)
    try evaluator.add(
      imageIndex: 0, groundTruth: [PixelGroundTruth(box: left, label: 1), PixelGroundTruth(box: right, label: 2)],
      detections: [
        PixelDetection(box: left, label: 1, score: 0.5), PixelDetection(box: left, label: 3, score: 0.5),
      ])
    for metric in VOCMetric.allCases {
      let result = evaluator.evaluate(metric: metric)
      #expect(result.classes[0].averagePrecision == 1)
      #expect(result.classes[1].averagePrecision == 0)
      #expect(result.classes[2].averagePrecision == nil && result.classes[2].falsePositives == 1)
      #expect(result.meanAveragePrecision == 0.5)
    }
  }

  /// Half of an annotated box, in whole pixels, has an IoU of exactly 1/2; one row less is too little.
  @Test(arguments: [(5.0, 1.0), (4.0, 0.0)])
  func thresholdIsInclusiveInWholePixels(rows: Double, averagePrecision: Double) throws {
    var evaluator = PascalVOCEvaluator(objectClassCount: 1)
    try evaluator.add(
      imageIndex: 0,
      groundTruth: [PixelGroundTruth(box: VOCBox(xMin: 1, yMin: 1, xMax: 10, yMax: 10).pixels(.inclusive), label: 1)],
      detections: [
        PixelDetection(box: VOCBox(xMin: 1, yMin: 1, xMax: 10, yMax: rows).pixels(.inclusive), label: 1, score: 1)
      ])
    #expect(evaluator.evaluate(metric: .voc07).meanAveragePrecision == averagePrecision)
  }

  /// Like a difficult object.
  @Test func `Detections of a crowd do not count`() throws {
    var evaluator = PascalVOCEvaluator(objectClassCount: 1)
    try evaluator.add(
      imageIndex: 0,
      groundTruth: [PixelGroundTruth(box: left, label: 1), PixelGroundTruth(box: right, label: 1, isCrowd: true)],
      detections: [
        PixelDetection(box: right, label: 1, score: 0.9), PixelDetection(box: left, label: 1, score: 0.8),
      ])
    let result = try #require(evaluator.evaluate(metric: .voc07).classes.first)
    #expect(result.averagePrecision == 1 && result.groundTruthCount == 1 && result.ignoredDetections == 1)
  }

  /// Three of ten objects reach the recall 0.3, although 0.1 + 0.1 + 0.1 exceeds 0.3 in binary.
  @Test func recallsAreComparedExactly() throws {
    var evaluator = PascalVOCEvaluator(objectClassCount: 1)
    try evaluator.add(
      imageIndex: 0,
      groundTruth: (0..<10).map { index in
        let x = Double(index) * 20
        return PixelGroundTruth(box: PixelBox(xMin: x, yMin: 0, xMax: x + 10, yMax: 10), label: 1)
      },
      detections: (0..<3).map { index in
        let x = Double(index) * 20
        return PixelDetection(box: PixelBox(xMin: x, yMin: 0, xMax: x + 10, yMax: 10), label: 1, score: 0.5)
      })
    #expect(evaluator.evaluate(metric: .voc07).meanAveragePrecision == 4.0 / 11)
  }

  @Test func fractionsScaleToPixels() {
    let box = PixelBox(CornerBox(xMin: 0.25, yMin: 0.5, xMax: 0.75, yMax: 1), imageWidth: 500, imageHeight: 300)
    #expect(box == PixelBox(xMin: 125, yMin: 150, xMax: 375, yMax: 300))
    #expect(box.area == 250 * 150)
  }

  @Test func invalidResultsAreNamed() throws {
    var evaluator = PascalVOCEvaluator(objectClassCount: 2)
    try evaluator.add(imageIndex: 7, groundTruth: [], detections: [])
    #expect(throws: EvaluationError.duplicateImage(imageIndex: 7)) {
      try evaluator.add(imageIndex: 7, groundTruth: [], detections: [])
    }
    #expect(
      throws: EvaluationError.unknownGroundTruthLabel(imageIndex: 8, object: 0, label: 0, objectClassCount: 2)
    ) {
      try evaluator.add(imageIndex: 8, groundTruth: [PixelGroundTruth(box: left, label: 0)], detections: [])
    }
    #expect(
      throws: EvaluationError.unknownDetectionLabel(imageIndex: 8, detection: 1, label: 3, objectClassCount: 2)
    ) {
      try evaluator.add(
        imageIndex: 8, groundTruth: [],
        detections: [
          PixelDetection(box: left, label: 2, score: 1), PixelDetection(box: left, label: 3, score: 1),
        ])
    }
    #expect(throws: EvaluationError.detectionNotFinite(imageIndex: 8, detection: 0)) {
      try evaluator.add(
        imageIndex: 8, groundTruth: [], detections: [PixelDetection(box: left, label: 1, score: .nan)])
    }
    #expect(throws: EvaluationError.groundTruthNotFinite(imageIndex: 8, object: 0)) {
      let box = PixelBox(xMin: 0, yMin: 0, xMax: .infinity, yMax: 1)
      try evaluator.add(imageIndex: 8, groundTruth: [PixelGroundTruth(box: box, label: 1)], detections: [])
    }
    // A rejected image leaves no trace: it may be added once corrected.
    try evaluator.add(imageIndex: 8, groundTruth: [], detections: [])
    #expect(evaluator.images.count == 2)
  }
}
