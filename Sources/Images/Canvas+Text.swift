import CCairo

/// A size and weight of DejaVu Sans; where that is not installed, of the system's standard face.
package struct Font: Sendable, Equatable {
  /// The em in pixels; capitals are about 0.73 of it tall.
  package var size: Double
  /// Whether strokes are thick.
  package var isBold: Bool

  /// A font of a size in pixels.
  package init(size: Double, isBold: Bool = false) {
    (self.size, self.isBold) = (size, isBold)
  }
}

/// The room that a line of text takes, in pixels.
package struct TextSize: Sendable, Equatable {
  /// From the start to where a next character would start.
  package let width: Double
  /// From the baseline to the top of the tallest character of the font.
  package let ascent: Double
  /// From the baseline to the bottom of the lowest character of the font.
  package let descent: Double

  /// `ascent` and `descent` together.
  package var height: Double { ascent + descent }
}

extension Canvas {
  /// The room that `text` takes in a font.
  package func measure(_ text: String, font: Font) -> TextSize {
    select(font)
    var extents = cairo_text_extents_t()
    cairo_text_extents(context, text, &extents)
    var line = cairo_font_extents_t()
    cairo_font_extents(context, &line)
    return TextSize(width: extents.x_advance, ascent: line.ascent, descent: line.descent)
  }

  /// Writes a line of text that starts at `origin` on the baseline.
  ///
  /// - Parameter angle: turns the line about `origin`, in radians, clockwise.
  package func draw(_ text: String, at origin: Point, font: Font, color: Color, angle: Double = 0) {
    select(font)
    setSource(color)
    cairo_save(context)
    cairo_translate(context, origin.x, origin.y)
    cairo_rotate(context, angle)
    cairo_move_to(context, 0, 0)
    cairo_show_text(context, text)
    cairo_restore(context)
  }

  private func select(_ font: Font) {
    cairo_select_font_face(
      context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, font.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
    cairo_set_font_size(context, font.size)
    // Unhinted metrics, so that the width does not depend on the position or on the system's settings.
    let options = cairo_font_options_create()
    defer { cairo_font_options_destroy(options) }
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    cairo_set_font_options(context, options)
  }
}
