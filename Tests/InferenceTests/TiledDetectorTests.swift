import Detection
import Evaluation
import Images
import Inference
import TestSupport
import Testing

/// The rules by which parts of an image become one.
struct TiledDetectorTests {
  private func candidate(
    _ left: Double, _ top: Double, _ right: Double, _ bottom: Double, _ score: Double, label: Int = 1,
    isCut: Bool = false
  ) -> TiledDetector.Candidate {
    TiledDetector.Candidate(
      detection: PixelDetection(
        box: PixelBox(xMin: left, yMin: top, xMax: right, yMax: bottom), label: label, score: score), isCut: isCut)
  }

  @Test(arguments: [
    (100, 0.2, 100, [0]), (100, 0.2, 99, [0]), (100, 0.2, 101, [0, 1]), (100, 0.2, 260, [0, 80, 160]),
    (100, 0, 300, [0, 100, 200]), (100, 0.5, 210, [0, 50, 100, 110]),
  ])
  func `Parts cover a side and the last one ends where it does`(side: Int, overlap: Double, length: Int, starts: [Int])
  {
    #expect(TiledDetector.starts(along: length, side: side, overlap: overlap) == starts)
  }

  @Test func `Boxes of one object are one, and a box that is cut gives way to a whole one`() {
    func merged(_ candidates: TiledDetector.Candidate...) -> [Double] {
      TiledDetector.merge(candidates, nmsThreshold: 0.45).map(\.score)
    }
    // The same object from two parts; another class; another object.
    #expect(merged(candidate(0, 0, 10, 10, 0.9), candidate(1, 0, 10, 10, 0.8)) == [0.9])
    #expect(merged(candidate(0, 0, 10, 10, 0.9), candidate(1, 0, 10, 10, 0.8, label: 2)) == [0.9, 0.8])
    #expect(merged(candidate(0, 0, 10, 10, 0.9), candidate(20, 0, 30, 10, 0.8)) == [0.9, 0.8])
    // A quarter of an object at the edge of a part has little IoU with the whole, and a higher score.
    #expect(merged(candidate(0, 0, 40, 10, 0.7), candidate(30, 0, 40, 10, 0.9, isCut: true)) == [0.7])
    // A small object before a large one of its class is one of its own.
    #expect(merged(candidate(0, 0, 40, 10, 0.7), candidate(30, 0, 40, 10, 0.9)) == [0.9, 0.7])
    // What is cut and is all there is stays.
    #expect(merged(candidate(0, 0, 40, 10, 0.7, isCut: true)) == [0.7])
  }
}
