import Images
import Testing

struct CanvasTests {
  /// The samples of one pixel.
  static func pixel(_ image: Image, _ x: Int, _ y: Int) -> [UInt8] {
    Array(image.pixels[(y * image.width + x) * 3..<(y * image.width + x + 1) * 3])
  }

  /// The smallest rectangle that holds every pixel that is not white: the first and last column and row.
  static func inkBounds(_ image: Image) -> (left: Int, top: Int, right: Int, bottom: Int)? {
    var bounds: (left: Int, top: Int, right: Int, bottom: Int)?
    for y in 0..<image.height {
      for x in 0..<image.width where pixel(image, x, y) != [255, 255, 255] {
        let old = bounds ?? (x, y, x, y)
        bounds = (min(old.left, x), min(old.top, y), max(old.right, x), max(old.bottom, y))
      }
    }
    return bounds
  }

  @Test func aPictureOnTheCanvasIsUnchanged() {
    let picture = Image(
      width: 33, height: 21, pixels: (0..<33 * 21 * 3).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) })
    #expect(Canvas(picture).image() == picture)
  }

  @Test func aFilledRectangleCoversExactlyItsPixels() {
    let canvas = Canvas(width: 9, height: 7, background: .white)
    canvas.fill(.rectangle(left: 2, top: 3, width: 4, height: 2), with: Color(hex: 0x102030))
    let image = canvas.image()
    for y in 0..<7 {
      for x in 0..<9 {
        let isInside = (2..<6).contains(x) && (3..<5).contains(y)
        #expect(Self.pixel(image, x, y) == (isInside ? [0x10, 0x20, 0x30] : [255, 255, 255]))
      }
    }
  }

  @Test func opacityMixesWithWhatIsBelow() {
    let canvas = Canvas(width: 1, height: 1, background: .white)
    canvas.fill(with: .color(.black.withAlpha(0.25)))
    for sample in canvas.image().pixels { #expect(abs(Int(sample) - 191) <= 1) }
  }

  @Test func anOutlineWithinAnotherIsAHole() {
    let canvas = Canvas(width: 40, height: 40, background: .white)
    let center = Point(x: 20, y: 20)
    canvas.fill(
      Path([.ellipse(center: center, radiusX: 18, radiusY: 12), .ellipse(center: center, radiusX: 6, radiusY: 6)]),
      with: .black)
    let image = canvas.image()
    #expect(Self.pixel(image, 20, 20) == [255, 255, 255])
    #expect(Self.pixel(image, 30, 20) == [0, 0, 0])
    #expect(Self.inkBounds(image)! == (2, 8, 37, 31))
  }

  @Test func aGradientRunsFromItsFirstColourToItsLast() {
    let canvas = Canvas(width: 64, height: 2, background: .white)
    canvas.fill(
      with: .linearGradient(
        from: Point(x: 0, y: 0), to: Point(x: 64, y: 0), stops: [(0, .black), (1, Color(hex: 0xFF0000))]))
    let reds = (0..<64).map { Self.pixel(canvas.image(), $0, 1)[0] }
    #expect(reds == reds.sorted())
    #expect(reds[0] <= 4 && reds[63] >= 251)
  }

  @Test func clippingKeepsTheOutsideAndEnds() {
    let canvas = Canvas(width: 8, height: 8, background: .white)
    canvas.clipped(to: .rectangle(left: 0, top: 0, width: 4, height: 8)) { canvas.fill(with: .color(.black)) }
    #expect(Self.inkBounds(canvas.image())! == (0, 0, 3, 7))
    canvas.fill(with: .color(.black))
    #expect(Self.inkBounds(canvas.image())! == (0, 0, 7, 7))
  }

  @Test func dashesLeaveGaps() {
    let canvas = Canvas(width: 40, height: 5, background: .white)
    let line = Path.line(from: Point(x: 2, y: 2.5), to: Point(x: 38, y: 2.5))
    canvas.stroke(line, with: .black, LineStyle(width: 1, dashes: [4, 8]))
    let image = canvas.image()
    #expect(Self.pixel(image, 4, 2) == [0, 0, 0] && Self.pixel(image, 16, 2) == [0, 0, 0])
    #expect(Self.pixel(image, 10, 2) == [255, 255, 255])
  }

  @Test(arguments: ["person 0.97", "Åfjörd", "gjpq_|"], [9.0, 24, 60])
  func textStaysInTheRoomMeasured(text: String, fontSize: Double) throws {
    let canvas = Canvas(width: 800, height: 200, background: .white)
    let font = Font(size: fontSize, isBold: true)
    let size = canvas.measure(text, font: font)
    canvas.draw(text, at: Point(x: 20, y: 100), font: font, color: .black)
    let ink = try #require(Self.inkBounds(canvas.image()))
    // A glyph may overhang its advance by a hair, and anti-aliasing touches one pixel more.
    #expect(Double(ink.left) >= 19 - fontSize / 20 && Double(ink.right) <= 21 + size.width + fontSize / 20)
    #expect(Double(ink.top) >= 99 - size.ascent && Double(ink.bottom) <= 101 + size.descent)
    #expect(Double(ink.right - ink.left) >= 0.7 * size.width)
  }

  @Test func turnedTextRunsDownwards() throws {
    let canvas = Canvas(width: 100, height: 300, background: .white)
    canvas.draw("downwards", at: Point(x: 50, y: 20), font: Font(size: 30), color: .black, angle: .pi / 2)
    let ink = try #require(Self.inkBounds(canvas.image()))
    #expect(ink.top >= 19 && ink.bottom - ink.top > 3 * (ink.right - ink.left))
  }
}
