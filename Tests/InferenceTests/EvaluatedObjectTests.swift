import Datasets
import Detection
import Evaluation
import Testing

struct EvaluatedObjectTests {
  @Test func `Everything that a metric asks of an annotation reaches it`() {
    let box = PixelBox(xMin: 1.5, yMin: 2, xMax: 20, yMax: 30.25)
    for (isDifficult, isCrowd, area) in [(false, true, 123.5), (true, false, nil)] as [(Bool, Bool, Double?)] {
      let object = AnnotatedObject(
        pixelBox: box, label: 7, isDifficult: isDifficult, isCrowd: isCrowd, area: area, width: 40, height: 40)
      #expect(
        PixelGroundTruth(object)
          == PixelGroundTruth(box: box, label: 7, isDifficult: isDifficult, isCrowd: isCrowd, area: area))
    }
  }
}
