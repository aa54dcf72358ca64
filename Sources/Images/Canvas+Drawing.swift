import CCairo

/// What an area or a line is coloured with.
package enum Paint: Sendable {
  /// A colour and its distance along a gradient, 0 at the start and 1 at the end.
  package typealias Stop = (position: Double, color: Color)

  /// One colour.
  case color(Color)
  /// Colours that change along the line from `start` to `end`, and continue unchanged beyond both.
  case linearGradient(from: Point, to: Point, stops: [Stop])
  /// Colours that change from the centre to `radius`, and continue unchanged beyond.
  case radialGradient(center: Point, radius: Double, stops: [Stop])
}

/// How a line is drawn.
package struct LineStyle: Sendable {
  /// The thickness in pixels.
  package var width: Double
  /// The lengths of dashes and gaps in turn, in pixels; empty for an unbroken line.
  package var dashes: [Double]

  /// A line of a thickness in pixels.
  package init(width: Double, dashes: [Double] = []) {
    (self.width, self.dashes) = (width, dashes)
  }
}

extension Canvas {
  /// Colours the inside of a path.
  package func fill(_ path: Path, with paint: Paint) {
    path.trace(in: context)
    cairo_set_fill_rule(context, CAIRO_FILL_RULE_EVEN_ODD)
    withSource(paint) { cairo_fill(context) }
  }

  /// Colours the inside of a path.
  package func fill(_ path: Path, with color: Color) {
    fill(path, with: .color(color))
  }

  /// Draws a path as a line with round ends and joints.
  package func stroke(_ path: Path, with color: Color, _ style: LineStyle) {
    path.trace(in: context)
    cairo_set_line_width(context, style.width)
    cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    cairo_set_dash(context, style.dashes, Int32(style.dashes.count), 0)
    withSource(.color(color)) { cairo_stroke(context) }
  }

  /// Colours the whole image.
  package func fill(with paint: Paint) {
    withSource(paint) { cairo_paint(context) }
  }

  /// Restricts what `body` draws to the inside of a path.
  package func clipped(to path: Path, _ body: () -> Void) {
    cairo_save(context)
    path.trace(in: context)
    cairo_set_fill_rule(context, CAIRO_FILL_RULE_EVEN_ODD)
    cairo_clip(context)
    body()
    cairo_restore(context)
  }

  private func withSource(_ paint: Paint, _ body: () -> Void) {
    let pattern: OpaquePointer?
    let stops: [Paint.Stop]
    switch paint {
    case .color(let color):
      setSource(color)
      return body()
    case .linearGradient(let start, let end, let gradient):
      (pattern, stops) = (cairo_pattern_create_linear(start.x, start.y, end.x, end.y), gradient)
    case .radialGradient(let center, let radius, let gradient):
      (pattern, stops) = (
        cairo_pattern_create_radial(center.x, center.y, 0, center.x, center.y, radius), gradient
      )
    }
    defer { cairo_pattern_destroy(pattern) }
    for (position, color) in stops {
      cairo_pattern_add_color_stop_rgba(pattern, position, color.red, color.green, color.blue, color.alpha)
    }
    cairo_set_source(context, pattern)
    body()
  }
}
