/// A chart of one or more quantities over a common axis, such as losses over the iterations.
package struct LinePlot: Sendable {
  /// A named line.
  package struct Series: Sendable {
    /// What the legend calls it; nothing leaves it out of the legend.
    package var name: String
    /// Positions in the units of the axes; a point that is not finite interrupts the line.
    package var points: [Point]
    /// Whether the line is thin and pale, as for measurements behind their running mean.
    package var isFaint: Bool
    /// Whether the line goes by the axis on the right.
    package var isOnRight: Bool

    /// Names a sequence of points.
    package init(name: String, points: [Point], isFaint: Bool = false, isOnRight: Bool = false) {
      (self.name, self.points, self.isFaint, self.isOnRight) = (name, points, isFaint, isOnRight)
    }
  }

  /// The heading.
  package var title: String
  /// What the axes show.
  package var horizontalLabel, verticalLabel: String
  /// What the axis on the right shows, which is there when a line goes by it.
  package var rightLabel: String
  /// What the axes show at least.
  package var horizontalRange, verticalRange, rightRange: ClosedRange<Double>?
  /// Whether the axes at the bottom and on the left are logarithmic; all points are positive then.
  package var isLogarithmic: Bool
  /// The lines, later ones on top.
  package var series: [Series]

  /// A chart with a heading and named axes.
  package init(
    title: String, horizontalLabel: String, verticalLabel: String, rightLabel: String = "",
    horizontalRange: ClosedRange<Double>? = nil, verticalRange: ClosedRange<Double>? = nil,
    rightRange: ClosedRange<Double>? = nil, isLogarithmic: Bool = false, series: [Series]
  ) {
    self.isLogarithmic = isLogarithmic
    (self.title, self.series) = (title, series)
    (self.horizontalRange, self.verticalRange, self.rightRange) = (horizontalRange, verticalRange, rightRange)
    (self.horizontalLabel, self.verticalLabel, self.rightLabel) = (horizontalLabel, verticalLabel, rightLabel)
  }

  /// Draws the chart.
  ///
  /// - Precondition: at least 200×150 pixels, so that there is room for a line between the labels.
  package func image(width: Int = 900, height: Int = 540) -> Image {
    precondition(width >= 200 && height >= 150, "\(width)×\(height) pixels are too few for a chart")
    let drawing = PlotDrawing(self, width: width, height: height)
    drawing.drawHeadings()
    drawing.drawAxes()
    drawing.drawLines()
    drawing.drawLegend()
    return drawing.canvas.image()
  }
}

/// The parts of a chart and where they are; all lengths are pixels.
private struct PlotDrawing {
  let plot: LinePlot
  let canvas: Canvas
  /// The height of a line of text; all else is proportional to it.
  let unit: Double
  let horizontal, vertical: PlotAxis
  /// The axis on the right, if a line goes by it.
  let opposite: PlotAxis?
  /// The area between the axes.
  let left, top, right, bottom: Double
  /// The names in the legend, broken into rows.
  let legend: [[(index: Int, x: Double)]]

  /// Line colours that differ in lightness too (Okabe and Ito, *Color Universal Design*, 2008).
  static let palette: [Color] = [0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9].map(Color.init(hex:))
  static let ink = Color(hex: 0x333333)
  static let grid = Color(hex: 0xE2E2E2)

  init(_ plot: LinePlot, width: Int, height: Int) {
    let unit = min(Double(width) / 900, Double(height) / 540) * 15
    let (canvas, font) = (Canvas(width: width, height: height, background: .white), Font(size: unit))
    let finite = plot.series.flatMap(\.points).filter(\.isFinite)
    let columns = finite.map(\.x) + plot.horizontalRange.ends
    func axis(_ isOnRight: Bool, _ range: ClosedRange<Double>?) -> PlotAxis {
      let rows = plot.series.filter { $0.isOnRight == isOnRight }.flatMap(\.points).filter(\.isFinite).map(\.y)
      if plot.isLogarithmic, !isOnRight {
        return PlotAxis(logarithmicCovering: rows + range.ends, tickCount: Int(Double(height) / unit / 2))
      }
      return PlotAxis(covering: rows + range.ends, tickCount: Int(Double(height) / unit / 4), roundedOut: true)
    }
    func tickWidth(_ axis: PlotAxis) -> Double {
      axis.ticks.map { canvas.measure(axis.text($0), font: font).width }.max() ?? 0
    }
    let most = Int(Double(width) / unit / 7)
    let horizontal =
      plot.isLogarithmic
      ? PlotAxis(logarithmicCovering: columns, tickCount: 2 * most)
      : PlotAxis(covering: columns, tickCount: most, roundedOut: false)
    let vertical = axis(false, plot.verticalRange)
    let opposite = plot.series.contains(where: \.isOnRight) ? axis(true, plot.rightRange) : nil
    left = tickWidth(vertical) + 3.2 * unit
    right = Double(width) - (opposite.map { tickWidth($0) + 3.2 * unit } ?? 1.8 * unit)

    var legend: [[(index: Int, x: Double)]] = []
    var end = Double.infinity
    for (index, series) in plot.series.enumerated() where !series.name.isEmpty {
      let entryWidth = canvas.measure(series.name, font: font).width + 4.5 * unit
      if end + entryWidth - unit > right {
        legend.append([])
        end = left
      }
      legend[legend.count - 1].append((index, end))
      end += entryWidth
    }
    (top, bottom) = ((3.6 + 1.5 * Double(legend.count)) * unit, Double(height) - 3.8 * unit)
    (self.plot, self.canvas, self.unit, self.legend) = (plot, canvas, unit, legend)
    (self.horizontal, self.vertical, self.opposite) = (horizontal, vertical, opposite)
  }

  private var font: Font { Font(size: unit) }
  private var hairline: LineStyle { LineStyle(width: unit / 15) }
  /// From the middle of a line of text to its baseline.
  private var halfCapital: Double { 0.36 * unit }

  private func place(_ point: Point, by axis: PlotAxis) -> Point {
    Point(
      x: left + horizontal.fraction(point.x) * (right - left), y: bottom - axis.fraction(point.y) * (bottom - top))
  }

  private func color(_ index: Int) -> Color {
    Self.palette[index % Self.palette.count].withAlpha(plot.series[index].isFaint ? 0.35 : 1)
  }

  private func center(_ text: String, x: Double, baseline: Double, _ font: Font) {
    let width = canvas.measure(text, font: font).width
    canvas.draw(text, at: Point(x: x - width / 2, y: baseline), font: font, color: Self.ink)
  }

  func drawHeadings() {
    let middle = (left + right) / 2
    center(plot.title, x: middle, baseline: 2 * unit, Font(size: unit * 1.25, isBold: true))
    center(plot.horizontalLabel, x: middle, baseline: Double(canvas.height) - 0.9 * unit, font)
    func drawUpwards(_ label: String, x: Double) {
      let length = canvas.measure(label, font: font).width
      let start = Point(x: x, y: (top + bottom + length) / 2)
      canvas.draw(label, at: start, font: font, color: Self.ink, angle: -.pi / 2)
    }
    drawUpwards(plot.verticalLabel, x: 1.4 * unit)
    if opposite != nil { drawUpwards(plot.rightLabel, x: Double(canvas.width) - 0.8 * unit) }
  }

  func drawAxes() {
    for tick in vertical.ticks {
      let y = place(Point(x: horizontal.lower, y: tick), by: vertical).y
      canvas.stroke(.line(from: Point(x: left, y: y), to: Point(x: right, y: y)), with: Self.grid, hairline)
      let text = vertical.text(tick)
      let start = left - 0.6 * unit - canvas.measure(text, font: font).width
      canvas.draw(text, at: Point(x: start, y: y + halfCapital), font: font, color: Self.ink)
    }
    if let opposite { drawTicks(ofRightAxis: opposite) }
    for tick in horizontal.ticks {
      let x = place(Point(x: tick, y: vertical.lower), by: vertical).x
      let end = Point(x: x, y: bottom + 0.4 * unit)
      canvas.stroke(.line(from: Point(x: x, y: bottom), to: end), with: Self.ink, hairline)
      center(horizontal.text(tick), x: x, baseline: bottom + 1.5 * unit, font)
    }
    canvas.stroke(.line(from: Point(x: left, y: bottom), to: Point(x: right, y: bottom)), with: Self.ink, hairline)
  }

  private func drawTicks(ofRightAxis axis: PlotAxis) {
    for tick in axis.ticks {
      let y = place(Point(x: horizontal.lower, y: tick), by: axis).y
      let end = Point(x: right + 0.4 * unit, y: y)
      canvas.stroke(.line(from: Point(x: right, y: y), to: end), with: Self.ink, hairline)
      let start = Point(x: right + 0.8 * unit, y: y + halfCapital)
      canvas.draw(axis.text(tick), at: start, font: font, color: Self.ink)
    }
  }

  func drawLines() {
    for (index, series) in plot.series.enumerated() {
      let width = unit * (series.isFaint ? 0.08 : 0.15)
      let axis = series.isOnRight ? opposite ?? vertical : vertical
      func place(_ point: Point) -> Point { self.place(point, by: axis) }
      for run in series.points.split(whereSeparator: { !$0.isFinite }) {
        canvas.stroke(.polyline(run.map(place)), with: color(index), LineStyle(width: width))
        // Few measurements are marked one by one; a single one would be invisible otherwise.
        guard series.points.count <= 40 else { continue }
        for point in run.map(place) {
          canvas.fill(.ellipse(center: point, radiusX: 1.6 * width, radiusY: 1.6 * width), with: color(index))
        }
      }
    }
  }

  func drawLegend() {
    for (row, entries) in legend.enumerated() {
      let y = (3.2 + 1.5 * Double(row)) * unit
      for (index, x) in entries {
        let key = Path.line(from: Point(x: x, y: y), to: Point(x: x + 2 * unit, y: y))
        canvas.stroke(key, with: color(index), LineStyle(width: unit * 0.2))
        let start = Point(x: x + 2.6 * unit, y: y + halfCapital)
        canvas.draw(plot.series[index].name, at: start, font: font, color: Self.ink)
      }
    }
  }
}

extension ClosedRange<Double>? {
  fileprivate var ends: [Double] { map { [$0.lowerBound, $0.upperBound] } ?? [] }
}

extension Point {
  fileprivate var isFinite: Bool { x.isFinite && y.isFinite }
}
