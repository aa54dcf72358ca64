import Detection
import Models
import Randomness
import Testing

struct DefaultBoxReachTests {
  private let boxes = DefaultBoxes(.caffeVOC)

  /// A box of the given size in pixels of 300, around a point.
  private func box(_ width: Float, _ height: Float, atX x: Float = 151, y: Float = 149) -> CornerBox {
    CornerBox(
      xMin: (x - width / 2) / 300, yMin: (y - height / 2) / 300, xMax: (x + width / 2) / 300,
      yMax: (y + height / 2) / 300)
  }

  @Test func `The largest overlap is that of the best default box`() {
    var stream = RandomStream(seed: 3, purpose: .test)
    for _ in 0..<200 {
      let box = stream.box()
      let best = boxes.corners.map { $0.intersectionOverUnion(with: box) }.max() ?? 0
      #expect(abs(boxes.largestOverlap(with: box) - best) < 1e-6)
    }
    for box in boxes.corners.prefix(50) { #expect(boxes.largestOverlap(with: box) > 0.9999) }
  }

  @Test func `Boxes of the usual shapes are reached, tiny and narrow ones are not`() {
    let reach = DefaultBoxReach(
      [box(30, 30), box(100, 60), box(250, 250), box(8, 8), box(150, 15)], defaultBoxes: boxes)
    #expect(reach.overlaps.map { $0 >= 0.5 } == [true, true, true, false, false])
    #expect(reach.reachedCount == 3)
  }

  @Test func `Missing shapes are found`() {
    func size(_ layout: DefaultBoxLayout) -> Double { layout.featureMaps[0].minimumSize }
    // 25 places relative to the cells.
    func many(_ width: Float, _ height: Float) -> [CornerBox] {
      (0..<25).map { box(width, height, atX: 140 + Float($0 % 5) * 3, y: 140 + Float($0 / 5) * 3) }
    }
    let small = DefaultBoxLayout.caffeVOC.reachingMore(many(15, 15))
    #expect(size(small) <= 22 && small.boxCount == 8732)
    let narrow = DefaultBoxLayout.caffeVOC.reachingMore(many(220, 25))
    #expect(narrow.featureMaps.contains { $0.aspectRatios.contains { $0 >= 4 } })
    for (layout, all) in [(small, many(15, 15)), (narrow, many(220, 25))] {
      #expect(DefaultBoxReach(all, defaultBoxes: boxes).reachedCount < 25)
      #expect(
        DefaultBoxReach(all, defaultBoxes: DefaultBoxes(layout)).reachedCount
          > DefaultBoxReach(all, defaultBoxes: boxes).reachedCount)
    }
    #expect(DefaultBoxLayout.caffeVOC.reachingMore(many(30, 30)) == .caffeVOC)
    #expect(DefaultBoxLayout.caffeVOC.reachingMore([]) == .caffeVOC)
  }
}
