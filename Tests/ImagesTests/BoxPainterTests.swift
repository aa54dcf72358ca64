import Images
import Testing

struct BoxPainterTests {
  /// Boxes all over an image, some of them beyond its edges.
  static func boxes(width: Int, height: Int, count: Int) -> [LabelledBox] {
    (0..<count).map { index in
      let (x, y) = (Double(index * 37 % 100) / 90 - 0.05, Double(index * 61 % 100) / 90 - 0.05)
      return LabelledBox(
        left: x * Double(width), top: y * Double(height), right: (x + 0.2) * Double(width),
        bottom: (y + 0.3) * Double(height), name: ["cat", "potted plant", "a rather long name of a class"][index % 3],
        score: Double(index) / Double(count), classIndex: index)
    }
  }

  static func blank(_ width: Int, _ height: Int, _ value: UInt8 = 255) -> Image {
    Image(width: width, height: height, pixels: Array(repeating: value, count: width * height * 3))
  }

  @Test(arguments: [(30, 20), (90, 300), (500, 375), (2400, 1500)])
  func platesStayInsideThePicture(width: Int, height: Int) {
    let plates = BoxPainter(Self.blank(width, height)).plates(for: Self.boxes(width: width, height: height, count: 25))
    #expect(plates.count == 25)
    for plate in plates {
      // Sizes follow from measured text, so fitting exactly is subject to rounding.
      #expect(plate.left >= 0 && plate.left + plate.width <= Double(width) * (1 + 1e-9))
      #expect(plate.top >= 0 && plate.top + plate.height <= Double(height) * (1 + 1e-9))
      #expect(plate.baseline.x >= plate.left && plate.textSize.width < plate.width)
      #expect(plate.baseline.y - plate.textSize.ascent >= plate.top && plate.textSize.height < plate.height)
    }
  }

  @Test func platesOfTheSameBoxDoNotHideEachOther() {
    let box = LabelledBox(left: 100, top: 100, right: 400, bottom: 300, name: "dog", score: 0.9, classIndex: 0)
    let plates = BoxPainter(Self.blank(500, 375)).plates(for: Array(repeating: box, count: 4))
    for (index, plate) in plates.enumerated() {
      #expect(plates[..<index].allSatisfy { $0.overlap(plate) == 0 })
    }
  }

  @Test func lettersGrowWithThePicture() {
    let box = LabelledBox(left: 10, top: 10, right: 90, bottom: 90, name: "dog", classIndex: 0)
    let heights = [(300, 300), (1200, 1200)].map { BoxPainter(Self.blank($0, $1)).plates(for: [box])[0].height }
    #expect(heights[1] > 3 * heights[0])
  }

  @Test func theLineRunsAlongTheEdgesInTheColourOfTheClass() {
    let box = LabelledBox(left: 100, top: 80, right: 300, bottom: 250, name: "dog", classIndex: 1)
    let image = BoxPainter.paint([box], on: Self.blank(400, 300))
    let color = BoxPainter.color(ofClass: 1)
    let expected = [color.red, color.green, color.blue].map { UInt8(($0 * 255).rounded()) }
    for (x, y) in [(100, 200), (299, 200), (200, 80), (200, 249)] {
      // Lines may cover a pixel in part.
      #expect(DecodingTests.largestDifference(CanvasTests.pixel(image, x, y), expected) < 25)
    }
    #expect(CanvasTests.pixel(image, 200, 180) == [255, 255, 255])
    #expect(CanvasTests.pixel(image, 350, 290) == [255, 255, 255])
  }

  /// Whatever the class and the background, the line or its rim differs clearly in brightness.
  @Test(arguments: [UInt8(0), 128, 255])
  func aBoxIsVisibleOnAnyBackground(background: UInt8) {
    for index in 0..<20 {
      let box = LabelledBox(left: 50, top: 50, right: 250, bottom: 250, name: "", classIndex: index)
      let image = BoxPainter.paint([box], on: Self.blank(300, 300, background))
      let crossing = (40..<60).map { x in CanvasTests.pixel(image, x, 150).map(Int.init).reduce(0, +) / 3 }
      #expect(crossing.map { abs($0 - Int(background)) }.max()! >= 50, "class \(index)")
    }
  }

  @Test func anEdgeBeyondThePictureIsDrawnAtItsBorder() {
    let box = LabelledBox(left: -50, top: 40, right: 5000, bottom: 160, name: "", classIndex: 0)
    let image = BoxPainter.paint([box], on: Self.blank(200, 200))
    #expect(CanvasTests.pixel(image, 1, 100) != [255, 255, 255])
    #expect(CanvasTests.pixel(image, 198, 100) != [255, 255, 255])
  }

  @Test func theHigherScoreIsOnTopWhateverTheOrder() {
    let boxes = [0.9, 0.4].enumerated().map { index, score in
      LabelledBox(left: 20, top: 20, right: 180, bottom: 180, name: "", score: score, classIndex: index)
    }
    let image = BoxPainter.paint(boxes, on: Self.blank(200, 200))
    #expect(image == BoxPainter.paint(boxes.reversed(), on: Self.blank(200, 200)))
    // Class 0 is red and class 1 green.
    let edge = CanvasTests.pixel(image, 100, 179)
    #expect(edge[0] > edge[1])
  }
}
