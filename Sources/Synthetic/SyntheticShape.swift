import Foundation
import Images

/// The classes of a synthetic data set: flat shapes that a person tells apart at a glance.
package enum SyntheticShape: String, CaseIterable {
  case circle, square, triangle, star, cross, ring

  /// The outlines around the origin, about one unit across; one inside another is a hole.
  var outlines: [[Point]] {
    switch self {
    case .circle: [Self.regular(corners: 96) { _ in 0.5 }]
    case .square: [Self.regular(corners: 4) { _ in 0.5 }]
    case .triangle: [Self.regular(corners: 3) { _ in 0.5 }]
    case .star: [Self.regular(corners: 10) { $0 % 2 == 0 ? 0.5 : 0.21 }]
    case .cross: [Self.cross(halfArm: 0.16)]
    case .ring: [Self.regular(corners: 96) { _ in 0.5 }, Self.regular(corners: 96) { _ in 0.29 }]
    }
  }

  /// How far a shape may be turned either way, in radians, without looking like another or like a class of its own: a
  /// square on its corner would be a diamond, a cross turned by half a right angle an X.
  package var largestRotation: Double {
    switch self {
    case .circle, .ring, .star: .pi
    case .square, .cross: 0.25
    case .triangle: 0.35
    }
  }

  /// A polygon around the origin with one side level for the square and a corner on top for the others.
  private static func regular(corners: Int, radius: (Int) -> Double) -> [Point] {
    let start = corners == 4 ? Double.pi / 4 : -.pi / 2
    return (0..<corners).map { corner in
      let angle = start + 2 * .pi * Double(corner) / Double(corners)
      return Point(x: radius(corner) * cos(angle), y: radius(corner) * sin(angle))
    }
  }

  private static func cross(halfArm: Double) -> [Point] {
    let (end, arm) = (0.5, halfArm)
    let quarter = [Point(x: arm, y: -end), Point(x: arm, y: -arm), Point(x: end, y: -arm)]
    return (0..<4).flatMap { turn in
      quarter.map { corner in
        (0..<turn).reduce(corner) { point, _ in Point(x: -point.y, y: point.x) }
      }
    }
  }
}

/// A shape at its place in an image, in pixels.
package struct PlacedOutline {
  let polygons: [[Point]]

  /// Stretches, turns, scales and moves a shape.
  ///
  /// - Parameters:
  ///   - stretch: width relative to height before turning.
  ///   - rotation: radians, clockwise.
  ///   - extent: the longer side of the bounding rectangle.
  ///   - center: the middle of the bounding rectangle.
  package init(_ shape: SyntheticShape, stretch: Double, rotation: Double, extent: Double, center: Point) {
    let (across, down) = (stretch.squareRoot(), 1 / stretch.squareRoot())
    let turned = PlacedOutline(
      polygons: shape.outlines.map { outline in
        outline.map { point in
          let (x, y) = (point.x * across, point.y * down)
          return Point(x: x * cos(rotation) - y * sin(rotation), y: x * sin(rotation) + y * cos(rotation))
        }
      })
    let bounds = turned.bounds
    let scale = extent / max(bounds.right - bounds.left, bounds.bottom - bounds.top)
    let middle = Point(x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2)
    polygons = turned.polygons.map { polygon in
      polygon.map { Point(x: center.x + ($0.x - middle.x) * scale, y: center.y + ($0.y - middle.y) * scale) }
    }
  }

  private init(polygons: [[Point]]) {
    self.polygons = polygons
  }

  /// The smallest upright rectangle around the outline.
  package var bounds: (left: Double, top: Double, right: Double, bottom: Double) {
    let points = polygons.joined()
    return points.reduce((.infinity, .infinity, -.infinity, -.infinity)) { bounds, point in
      (min(bounds.0, point.x), min(bounds.1, point.y), max(bounds.2, point.x), max(bounds.3, point.y))
    }
  }

  /// The outline as something to draw, moved by an offset.
  package func path(offset: Point = Point(x: 0, y: 0)) -> Path {
    Path(polygons.map { .polygon($0.map { Point(x: $0.x + offset.x, y: $0.y + offset.y) }) })
  }

  /// Calls `body` with the columns of each row whose pixel centres lie inside, also beyond the borders of an image.
  package func forEachRun(_ body: (_ row: Int, _ columns: Range<Int>) -> Void) {
    let bounds = bounds
    for row in Int(bounds.top.rounded(.down))...Int(bounds.bottom.rounded(.up)) {
      let y = Double(row) + 0.5
      var crossings: [Double] = []
      for polygon in polygons {
        for (start, end) in zip(polygon, polygon.dropFirst() + polygon.prefix(1)) where (start.y <= y) != (end.y <= y) {
          crossings.append(start.x + (y - start.y) / (end.y - start.y) * (end.x - start.x))
        }
      }
      crossings.sort()
      for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
        // Column x has its centre at x + ½.
        let (first, end) = (Int((crossings[pair] - 0.5).rounded(.up)), Int((crossings[pair + 1] - 0.5).rounded(.up)))
        if first < end { body(row, first..<end) }
      }
    }
  }
}
