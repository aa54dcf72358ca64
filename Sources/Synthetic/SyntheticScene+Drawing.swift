import Foundation
import Images
import Randomness

extension SyntheticScene {
  /// Draws the scene: background, objects, light and sensor noise.
  package func image() -> Image {
    var random = RandomStream(seed: seed, purpose: .synthesis, key: UInt64(number), 1)
    let canvas = Canvas(width: width, height: height, background: background.0)
    drawBackground(on: canvas, &random)
    for object in objects { draw(object, on: canvas, &random) }
    drawLight(on: canvas, &random)
    var image = canvas.image()
    addNoise(to: &image, amplitude: random.integer(below: 13), &random)
    return image
  }

  /// The ends of a line through the middle of the image at a random angle, from border to border or beyond.
  private func crossing(_ random: inout RandomStream) -> (start: Point, end: Point) {
    let center = Point(x: Double(width) / 2, y: Double(height) / 2)
    return diameter(center: center, length: diagonal, angle: angle(&random))
  }

  private func diameter(center: Point, length: Double, angle: Double) -> (start: Point, end: Point) {
    let (x, y) = (length / 2 * cos(angle), length / 2 * sin(angle))
    return (Point(x: center.x - x, y: center.y - y), Point(x: center.x + x, y: center.y + y))
  }

  private var diagonal: Double { Double(width * width + height * height).squareRoot() }

  private func angle(_ random: inout RandomStream) -> Double { Double(random.uniform(0, 2 * .pi)) }

  private func anywhere(_ random: inout RandomStream) -> Point {
    Point(x: Double(random.uniform()) * Double(width), y: Double(random.uniform()) * Double(height))
  }

  /// A gradient with soft blobs, faint stripes and thin lines: texture without the sharp areas that objects are.
  private func drawBackground(on canvas: Canvas, _ random: inout RandomStream) {
    let (start, end) = crossing(&random)
    canvas.fill(with: .linearGradient(from: start, to: end, stops: [(0, background.0), (1, background.1)]))
    for _ in 0..<random.integer(below: 7) {
      let radius = Double(random.uniform(0.1, 0.4) * Float(min(width, height)))
      let shade: Color = random.chance(0.5) ? .black : .white
      let stops: [Paint.Stop] = [(0, shade.withAlpha(Double(random.uniform(0.05, 0.25)))), (1, shade.withAlpha(0))]
      canvas.fill(with: .radialGradient(center: anywhere(&random), radius: radius, stops: stops))
    }
    if random.chance(0.5) {
      let shade: Color = random.chance(0.5) ? .black : .white
      drawStripes(
        on: canvas, color: shade.withAlpha(Double(random.uniform(0.04, 0.14))),
        spacing: Double(random.uniform(8, 40)), &random)
    }
    for _ in 0..<random.integer(below: 5) {
      let points = (0..<2 + random.integer(below: 3)).map { _ in anywhere(&random) }
      let shade: Color = random.chance(0.5) ? .black : .white
      canvas.stroke(
        .polyline(points), with: shade.withAlpha(Double(random.uniform(0.15, 0.5))),
        LineStyle(width: Double(random.uniform(0.8, 2.5))))
    }
  }

  /// Parallel stripes over the whole image, half as wide as they are apart.
  private func drawStripes(on canvas: Canvas, color: Color, spacing: Double, _ random: inout RandomStream) {
    let angle = angle(&random)
    let middle = Point(x: Double(width) / 2, y: Double(height) / 2)
    for distance in stride(from: -diagonal / 2, through: diagonal / 2, by: spacing) {
      let center = Point(x: middle.x - distance * sin(angle), y: middle.y + distance * cos(angle))
      let (start, end) = diameter(center: center, length: diagonal, angle: angle)
      canvas.stroke(.line(from: start, to: end), with: color, LineStyle(width: spacing / 2))
    }
  }

  /// A shape with shading, perhaps a pattern, a rim and a shadow; all but the shadow within its outline.
  private func draw(_ object: SyntheticObject, on canvas: Canvas, _ random: inout RandomStream) {
    let (bounds, path) = (object.outline.bounds, object.outline.path())
    let extent = max(bounds.right - bounds.left, bounds.bottom - bounds.top)
    if random.chance(0.4) {
      let offset = Point(x: Double(random.uniform(-0.05, 0.05)) * extent, y: Double(random.uniform(0, 0.05)) * extent)
      canvas.fill(object.outline.path(offset: offset), with: .black.withAlpha(0.25))
    }
    canvas.fill(path, with: object.color)
    canvas.clipped(to: path) {
      let center = Point(x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2)
      let (start, end) = diameter(center: center, length: extent, angle: angle(&random))
      let depth = Double(random.uniform(0, 0.3))
      canvas.fill(
        with: .linearGradient(
          from: start, to: end,
          stops: [
            (0, .white.withAlpha(depth)), (0.5, .white.withAlpha(0)), (0.5, .black.withAlpha(0)),
            (1, .black.withAlpha(depth)),
          ]))
      if random.chance(0.35) {
        let color = object.color.contrast.withAlpha(Double(random.uniform(0.08, 0.2)))
        drawStripes(on: canvas, color: color, spacing: max(5, extent * Double(random.uniform(0.1, 0.25))), &random)
      }
      if random.chance(0.5) {
        let color = object.color.contrast.withAlpha(Double(random.uniform(0.3, 0.8)))
        canvas.stroke(path, with: color, LineStyle(width: max(2, extent * 0.04)))
      }
    }
  }

  /// Light that falls off across the image and, on some, a band of shade.
  private func drawLight(on canvas: Canvas, _ random: inout RandomStream) {
    let (start, end) = crossing(&random)
    let (bright, dark) = (Double(random.uniform(0, 0.2)), Double(random.uniform(0, 0.35)))
    canvas.fill(
      with: .linearGradient(from: start, to: end, stops: [(0, .white.withAlpha(bright)), (1, .black.withAlpha(dark))]))
    if random.chance(0.3) {
      let (from, to) = crossing(&random)
      let middle = Double(random.uniform(0.3, 0.7))
      let shade = Color.black.withAlpha(Double(random.uniform(0.1, 0.3)))
      let none = Color.black.withAlpha(0)
      canvas.fill(
        with: .linearGradient(
          from: from, to: to,
          stops: [(middle - 0.2, none), (middle - 0.1, shade), (middle + 0.1, shade), (middle + 0.2, none)]))
    }
  }

  /// Adds a uniformly distributed brightness of -amplitude...amplitude to each pixel.
  private func addNoise(to image: inout Image, amplitude: Int, _ random: inout RandomStream) {
    var bits: UInt64 = 0
    image.pixels.withUnsafeMutableBufferPointer { pixels in
      for pixel in 0..<width * height {
        bits = pixel % 4 == 0 ? random.next() : bits >> 16
        let noise = Int(bits & 0xFFFF) * (2 * amplitude + 1) / 0x1_0000 - amplitude
        for sample in pixel * 3..<pixel * 3 + 3 {
          pixels[sample] = UInt8(max(0, min(255, Int(pixels[sample]) + noise)))
        }
      }
    }
  }
}
