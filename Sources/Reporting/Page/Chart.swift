import Foundation
import Images

/// Curves as a drawing inside a page.
struct Chart {
  /// A curve.
  struct Series {
    /// For the legend; empty for none.
    var name: String
    /// With rising x.
    var points: [Point]
    /// Of ``PageStyle/colorCount``, repeated.
    var color: Int
    /// Whether it stands behind another.
    var isFaint = false
  }

  /// The heading.
  var title: String
  /// What x is.
  var horizontal: String
  /// The ends of the axes; nil to cover the points.
  var horizontalRange, verticalRange: ClosedRange<Double>?
  /// The curves, the first one at the back.
  var series: [Series]

  private static let (width, height) = (460.0, 240.0)
  private static let (left, right, top, bottom) = (48.0, 10.0, 8.0, 34.0)
  /// Points of a curve; more would not be seen.
  private static let pointCount = 400

  /// The chart; nothing without points.
  var html: HTML {
    let shown = series.map { each in
      var each = each
      each.points = each.points.filter { $0.x.isFinite && $0.y.isFinite }.thinned(to: Self.pointCount)
      return each
    }.filter { !$0.points.isEmpty }
    if shown.isEmpty { return HTML() }
    let points = shown.flatMap(\.points)
    func axis(_ range: ClosedRange<Double>?, _ values: [Double], _ ticks: Int, out: Bool) -> PlotAxis {
      PlotAxis(covering: range.map { [$0.lowerBound, $0.upperBound] } ?? values, tickCount: ticks, roundedOut: out)
    }
    let x = axis(horizontalRange, points.map(\.x), 6, out: false)
    let y = axis(verticalRange, points.map(\.y), 5, out: verticalRange == nil)
    let (plotWidth, plotHeight) = (Self.width - Self.left - Self.right, Self.height - Self.top - Self.bottom)
    func place(_ point: Point) -> Point {
      Point(x: Self.left + x.fraction(point.x) * plotWidth, y: Self.top + (1 - y.fraction(point.y)) * plotHeight)
    }
    let base = Self.top + plotHeight
    let rows: [HTML] = y.ticks.map { tick in
      let at = Self.text(place(Point(x: x.lower, y: tick)).y)
      return """
        <line class="grid" x1="\(Self.left)" x2="\(Self.width - Self.right)" y1="\(at)" y2="\(at)"/>\
        <text x="\(Self.left - 5)" y="\(at)" text-anchor="end" dominant-baseline="middle">\(Self.short(tick, y))</text>
        """
    }
    let columns: [HTML] = x.ticks.map { tick in
      "<text x=\"\(Self.text(place(Point(x: tick, y: y.lower)).x))\" y=\"\(base + 14)\" text-anchor=\"middle\">\(Self.short(tick, x))</text>"
    }
    let curves: [HTML] = shown.map { each in
      let color = "var(--c\(each.color % PageStyle.colorCount))"
      guard each.points.count > 1 else {
        let at = place(each.points[0])
        return "<circle cx=\"\(Self.text(at.x))\" cy=\"\(Self.text(at.y))\" r=\"3\" style=\"fill: \(color)\"/>"
      }
      let path = each.points.map(place).map { "\(Self.text($0.x)),\(Self.text($0.y))" }.joined(separator: " ")
      return "<polyline class=\"curve\(each.isFaint ? " faint" : "")\" style=\"stroke: \(color)\" points=\"\(path)\"/>"
    }
    let names: [HTML] = shown.filter { !$0.name.isEmpty }.map { each in
      "<span><i style=\"background: var(--c\(each.color % PageStyle.colorCount))\"></i>\(each.name)</span>"
    }
    return """
      <div class="chart"><h3>\(title)</h3>
      <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-label="\(title)">\(rows)\(columns)\(curves)\
      <text x="\(Self.left + plotWidth / 2)" y="\(Self.height - 4)" text-anchor="middle">\(horizontal)</text></svg>
      <div class="legend">\(names)</div></div>

      """
  }

  /// A tenth of a pixel is enough.
  private static func text(_ position: Double) -> String { String(format: "%.1f", position) }

  private static func short(_ tick: Double, _ axis: PlotAxis) -> String {
    abs(tick) >= 10_000
      ? String(format: "%gk", tick / 1000)
      : abs(tick) < 0.01 && tick != 0 ? String(format: "%g", tick) : axis.text(tick)
  }
}
