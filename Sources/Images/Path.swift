import CCairo

/// A position in pixels from the upper left corner of an image.
package struct Point: Sendable, Equatable {
  /// Distance from the left and upper edge.
  package var x, y: Double

  /// The point at a distance from the left and upper edge.
  package init(x: Double, y: Double) {
    (self.x, self.y) = (x, y)
  }
}

/// Outlines made of straight lines and arcs, to be filled, stroked or clipped to.
///
/// What lies inside an even number of outlines is outside, so an outline within another is a hole.
package struct Path: Sendable {
  private enum Step {
    case polyline([Point], closed: Bool)
    case ellipse(center: Point, radiusX: Double, radiusY: Double)
    case roundedRectangle(left: Double, top: Double, width: Double, height: Double, radius: Double)
  }
  private let steps: [Step]

  /// Several paths as one.
  package init(_ parts: [Path]) {
    steps = parts.flatMap(\.steps)
  }

  private init(step: Step) {
    steps = [step]
  }

  /// A straight line.
  package static func line(from start: Point, to end: Point) -> Path { polyline([start, end]) }

  /// Straight lines through `points`.
  package static func polyline(_ points: [Point]) -> Path {
    Path(step: .polyline(points, closed: false))
  }

  /// A closed polygon.
  package static func polygon(_ corners: [Point]) -> Path {
    Path(step: .polyline(corners, closed: true))
  }

  /// A rectangle; corners are rounded when `cornerRadius` is positive.
  package static func rectangle(
    left: Double, top: Double, width: Double, height: Double, cornerRadius: Double = 0
  ) -> Path {
    let radius = min(cornerRadius, width / 2, height / 2)
    return Path(step: .roundedRectangle(left: left, top: top, width: width, height: height, radius: max(0, radius)))
  }

  /// An ellipse with horizontal and vertical axes.
  package static func ellipse(center: Point, radiusX: Double, radiusY: Double) -> Path {
    Path(step: .ellipse(center: center, radiusX: radiusX, radiusY: radiusY))
  }

  /// Replaces the current path of a Cairo context.
  func trace(in context: OpaquePointer) {
    cairo_new_path(context)
    for step in steps {
      cairo_new_sub_path(context)
      switch step {
      case .polyline(let points, let closed):
        for point in points { cairo_line_to(context, point.x, point.y) }
        if closed { cairo_close_path(context) }
      case .ellipse(let center, let radiusX, let radiusY):
        // An arc in coordinates where the ellipse is the unit circle; Cairo keeps the path in device coordinates.
        guard radiusX > 0, radiusY > 0 else { continue }
        cairo_save(context)
        cairo_translate(context, center.x, center.y)
        cairo_scale(context, radiusX, radiusY)
        cairo_arc(context, 0, 0, 1, 0, 2 * .pi)
        cairo_restore(context)
        cairo_close_path(context)
      case .roundedRectangle(let left, let top, let width, let height, let radius):
        let (right, bottom) = (left + width - radius, top + height - radius)
        cairo_arc(context, right, top + radius, radius, -.pi / 2, 0)
        cairo_arc(context, right, bottom, radius, 0, .pi / 2)
        cairo_arc(context, left + radius, bottom, radius, .pi / 2, .pi)
        cairo_arc(context, left + radius, top + radius, radius, .pi, 1.5 * .pi)
        cairo_close_path(context)
      }
    }
  }
}
