import Detection
import Models
import Testing

/// A default box of SSD300 in pixels, on the diagonal of the image.
private struct ExpectedBox: Sendable {
  let index: Int
  let center: Double
  let width: Double
  let height: Double

  init(_ index: Int, center: Double, _ width: Double, _ height: Double) {
    self.index = index
    self.center = center
    self.width = width
    self.height = height
  }
}

@Suite struct DefaultBoxesTests {
  @Test(arguments: [DefaultBoxLayout.caffeVOC, .caffeCOCO, .torchvision])
  func ssd300Has8732Boxes(layout: DefaultBoxLayout) {
    let boxes = DefaultBoxes(layout)
    #expect(boxes.countPerMap == [5776, 2166, 600, 150, 36, 4])
    #expect(boxes.count == 8732)
    #expect(layout.boxCount == 8732)
    #expect(boxes.corners.count == 8732)
  }

  /// Pixels of the authors' release: the first cells of each map, then centres that lie on or beyond the border.
  @Test(arguments: [
    ExpectedBox(0, center: 4, 30, 30),
    ExpectedBox(1, center: 4, 1800.squareRoot(), 1800.squareRoot()),
    ExpectedBox(2, center: 4, 1800.squareRoot(), 450.squareRoot()),
    ExpectedBox(3, center: 4, 450.squareRoot(), 1800.squareRoot()),
    ExpectedBox(5780, center: 8, 10800.squareRoot(), 1200.squareRoot()),
    ExpectedBox(5781, center: 8, 1200.squareRoot(), 10800.squareRoot()),
    ExpectedBox(7942, center: 16, 111, 111),
    ExpectedBox(8542, center: 32, 162, 162),
    ExpectedBox(8692, center: 50, 213, 213),
    ExpectedBox(8728, center: 150, 264, 264),
    ExpectedBox(8729, center: 150, 83160.squareRoot(), 83160.squareRoot()),
    ExpectedBox(5772, center: 300, 30, 30),
    ExpectedBox(7936, center: 296, 60, 60),
    ExpectedBox(8536, center: 304, 111, 111),
    ExpectedBox(8686, center: 288, 162, 162),
  ])
  private func caffeVOCBox(expected: ExpectedBox) {
    let box = DefaultBoxes(.caffeVOC).centered[expected.index]
    #expect(box.centerX == Float(expected.center / 300))
    #expect(box.centerY == Float(expected.center / 300))
    // The square root of a product is rounded once less often than the product with a square root.
    #expect(abs(box.width - Float(expected.width / 300)) <= box.width.ulp)
    #expect(abs(box.height - Float(expected.height / 300)) <= box.height.ulp)
  }

  /// Numbers printed by `DefaultBoxGenerator` of torchvision 0.29 with the parameters of `ssd300_vgg16`.
  @Test(
    arguments: [
      (0, [0.0133333337, 0.0133333337, 0.0700000003, 0.0700000003]),
      (1, [0.0133333337, 0.0133333337, 0.102469511, 0.102469511]),
      (5775, [1.0, 1.0, 0.049497474, 0.098994948]),
      (5779, [0.0266666673, 0.0266666673, 0.106066018, 0.212132037]),
      (7941, [0.986666679, 0.986666679, 0.0866025388, 0.259807616]),
      (8000, [1.01333332, 0.0533333346, 0.571576774, 0.190525591]),
      (8542, [0.106666669, 0.106666669, 0.50999999, 0.50999999]),
      (8690, [0.959999979, 0.959999979, 0.883345902, 0.294448644]),
      (8692, [0.166666672, 0.166666672, 0.689999998, 0.689999998]),
      (8729, [0.5, 0.5, 0.955771923, 0.955771923]),
      (8730, [0.5, 0.5, 1.0, 0.615182877]),
      (8731, [0.5, 0.5, 0.615182877, 1.0]),
    ] as [(Int, [Float])])
  func torchvisionBox(index: Int, expected: [Float]) {
    let box = DefaultBoxes(.torchvision).centered[index]
    let values = [box.centerX, box.centerY, box.width, box.height]
    for (value, expected) in zip(values, expected) {
      // torchvision divides in single precision: one unit in the last place of a number near 1.
      #expect(abs(value - expected) <= Float(1).ulp, "box \(index): \(values)")
    }
  }

  /// Every box of a map that is not square, from its index.
  @Test func order() throws {
    let boxes = DefaultBoxes(try smallLayout())
    #expect(boxes.countPerMap == [80, 36])
    for index in 0..<80 {
      let column = index / 4 % 4
      let row = index / 16
      let root = Double(2).squareRoot()
      let large = Double(24 * 50).squareRoot()
      let widths = [24, large, 24 * root, 24 / root]
      let heights = [24, large, 24 / root, 24 * root]
      let box = boxes.centered[index]
      #expect(box.centerX == Float((Double(column) + 0.5) * 20 / 80))
      #expect(box.centerY == Float((Double(row) + 0.5) * 20 / 100))
      #expect(box.width == Float(widths[index % 4] / 80))
      #expect(box.height == Float(heights[index % 4] / 100))
    }
  }

  @Test func clippingLimitsWhatItSays() throws {
    let free = DefaultBoxes(try smallLayout()).centered
    let size = DefaultBoxes(try smallLayout(clipping: .size)).centered
    let all = DefaultBoxes(try smallLayout(clipping: .all)).centered
    #expect(free.contains { $0.width > 1 } && free.contains { $0.centerY > 0.8 })
    for index in free.indices {
      let box = free[index]
      let clippedSize = CenterBox(
        centerX: box.centerX, centerY: box.centerY, width: min(box.width, 1), height: min(box.height, 1))
      #expect(size[index] == clippedSize)
      #expect(
        all[index]
          == CenterBox(
            centerX: min(box.centerX, 1), centerY: min(box.centerY, 1), width: clippedSize.width,
            height: clippedSize.height))
    }
    #expect(DefaultBoxes(.caffeVOC).centered.contains { $0.centerX > 1 })
  }

  @Test func invalidNumbersAreNamed() {
    #expect(throws: DefaultBoxLayoutError.differentLengths(list: "steps", count: 1, featureMaps: 2)) {
      try DefaultBoxLayout(
        imageHeight: 100, imageWidth: 100, mapSizes: [(2, 2), (1, 1)], steps: [50], minimumSizes: [20, 40],
        maximumSizes: [40, 80], aspectRatios: [[2], [2]], clipping: .none)
    }
    #expect(throws: DefaultBoxLayoutError.notPositive(quantity: "minimum size", value: -40, featureMap: 1)) {
      try DefaultBoxLayout(
        imageHeight: 100, imageWidth: 100, mapSizes: [(2, 2), (1, 1)], steps: [50, 100], minimumSizes: [20, -40],
        maximumSizes: [40, 80], aspectRatios: [[2], [2]], clipping: .none)
    }
    #expect(throws: DefaultBoxLayoutError.invalidAspectRatio(value: 1, featureMap: 0)) {
      try DefaultBoxLayout(
        imageHeight: 100, imageWidth: 100, mapSizes: [(2, 2)], steps: [50], minimumSizes: [20], maximumSizes: [40],
        aspectRatios: [[1]], clipping: .none)
    }
    #expect(throws: DefaultBoxLayoutError.emptyFeatureMap(index: 0, rows: 0, columns: 2)) {
      try DefaultBoxLayout(
        imageHeight: 100, imageWidth: 100, mapSizes: [(0, 2)], steps: [50], minimumSizes: [20], maximumSizes: [40],
        aspectRatios: [[2]], clipping: .none)
    }
    #expect(throws: DefaultBoxLayoutError.noFeatureMaps) {
      try DefaultBoxLayout(imageHeight: 100, imageWidth: 100, featureMaps: [], clipping: .none)
    }
  }
}
