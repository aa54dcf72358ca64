import Detection
import Evaluation
import Testing

struct DetectionErrorsTests {
  /// A box 10 high from column 0 on.
  private func box(_ width: Double, x: Double = 0) -> PixelBox { PixelBox(xMin: x, yMin: 0, xMax: x + width, yMax: 10) }

  private func errors(
    _ objects: [PixelGroundTruth], _ detections: [PixelDetection], classes: Int = 2
  ) -> DetectionErrors {
    DetectionErrors(
      [ImageResult(imageIndex: 0, groundTruth: objects, detections: detections)], objectClassCount: classes)
  }

  private func counts(
    correct: Int = 0, duplicate: Int = 0, localisation: Int = 0, confusion: Int = 0, background: Int = 0,
    missed: Int = 0
  ) -> [Int] {
    [correct, duplicate, localisation, confusion, background, missed]
  }

  private func list(_ counts: DetectionErrors.Counts) -> [Int] {
    [counts.correct, counts.duplicate, counts.localisation, counts.confusion, counts.background, counts.missed]
  }

  /// The object is 100 wide, so that a detection of the same left edge has an IoU of a hundredth of its width.
  @Test(
    arguments: zip(
      [50.0, 49, 10, 9], [[1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 1], [0, 0, 1, 0, 0, 1], [0, 0, 0, 0, 1, 1]]))
  func `The IoU with an object of the class decides`(width: Double, expected: [Int]) {
    let errors = errors(
      [PixelGroundTruth(box: box(100), label: 1)], [PixelDetection(box: box(width), label: 1, score: 0.9)])
    #expect(list(errors.classes[0]) == expected)
    #expect(errors.confusions.isEmpty)
  }

  @Test func `A detection on another class is a confusion and the object is missed`() {
    let errors = errors(
      [PixelGroundTruth(box: box(100), label: 2), PixelGroundTruth(box: box(40), label: 3)],
      [PixelDetection(box: box(30), label: 1, score: 0.9), PixelDetection(box: box(90), label: 1, score: 0.8)],
      classes: 3)
    #expect(list(errors.classes[0]) == counts(confusion: 2))
    #expect(list(errors.classes[1]) == counts(missed: 1) && list(errors.classes[2]) == counts(missed: 1))
    // The narrow detection overlaps more with the narrow object.
    #expect(errors.confusions.map { [$0.annotated, $0.detected, $0.count] } == [[2, 1, 1], [3, 1, 1]])
  }

  @Test func `The best score finds the object, the next is a duplicate, a low one is not looked at`() {
    let errors = errors(
      [PixelGroundTruth(box: box(100), label: 1)],
      [0.6, 0.9, 0.49].map { PixelDetection(box: box(100), label: 1, score: $0) })
    #expect(errors.scoreThreshold == 0.5)
    #expect(list(errors.classes[0]) == counts(correct: 1, duplicate: 1))
  }

  @Test func `A second object of the class is found by the second detection`() {
    let errors = errors(
      [PixelGroundTruth(box: box(100), label: 1), PixelGroundTruth(box: box(100, x: 20), label: 1)],
      [PixelDetection(box: box(100), label: 1, score: 0.9), PixelDetection(box: box(100), label: 1, score: 0.8)])
    #expect(list(errors.classes[0]) == counts(correct: 2))
  }

  @Test func `Difficult objects and crowds are neither found nor missed`() {
    let errors = errors(
      [
        PixelGroundTruth(box: box(100), label: 1, isDifficult: true),
        PixelGroundTruth(box: box(100, x: 200), label: 1, isCrowd: true),
      ],
      [
        PixelDetection(box: box(100), label: 1, score: 0.9), PixelDetection(box: box(100), label: 1, score: 0.9),
        PixelDetection(box: box(5, x: 250), label: 1, score: 0.9),
      ])
    #expect(list(errors.classes[0]) == counts())
  }

  @Test func `Every detection and every object is counted once`() {
    let objects = (0..<6).map { PixelGroundTruth(box: box(50, x: Double($0) * 60), label: 1 + $0 % 2) }
    let detections = (0..<30).map {
      PixelDetection(box: box(40, x: Double($0) * 13), label: 1 + $0 % 2, score: Double($0) / 30)
    }
    let errors = errors(objects, detections)
    let lists = errors.classes.map(list)
    #expect(lists.map { $0[..<5].reduce(0, +) }.reduce(0, +) == detections.count { $0.score >= 0.5 })
    #expect(lists.map { $0[0] + $0[5] }.reduce(0, +) == objects.count)
    #expect(errors.confusions.map(\.count).reduce(0, +) == lists.map { $0[3] }.reduce(0, +))
  }
}
