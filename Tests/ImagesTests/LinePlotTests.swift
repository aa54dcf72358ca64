import Foundation
import Images
import Testing

struct LinePlotTests {
  @Test(arguments: [(0.0, 1.0), (0.31, 0.6), (-3, 17), (1000, 120_000), (2e-7, 9e-7), (5, 5), (0, 0)])
  func roundNumbersAreFewDistinctAndInsideTheRange(low: Double, high: Double) {
    for tickCount in 3...12 {
      for roundedOut in [false, true] {
        let axis = PlotAxis(covering: [high, low], tickCount: tickCount, roundedOut: roundedOut)
        let leading = axis.step / pow(10, floor(log10(axis.step) + 1e-9))
        #expect([1, 2, 5].contains { abs($0 - leading) < 1e-9 })
        #expect(axis.lower <= low && axis.upper >= high && axis.lower < axis.upper)
        // Rounding out adds less than a step at each end.
        #expect(axis.ticks.count <= tickCount + (roundedOut ? 3 : 1))
        #expect(axis.ticks.allSatisfy { (-1e-6...1 + 1e-6).contains(axis.fraction($0)) })
        let texts = axis.ticks.map(axis.text)
        #expect(Set(texts).count == texts.count)
        #expect(zip(texts, axis.ticks).allSatisfy { abs(Double($0)! - $1) < axis.step / 1000 })
      }
    }
  }

  /// Whether a pixel belongs to the first line, which is blue; all else is grey.
  private func isBlue(_ image: Image, _ x: Int, _ y: Int) -> Bool {
    let pixel = CanvasTests.pixel(image, x, y)
    return Int(pixel[2]) - Int(pixel[0]) > 60
  }

  /// The rows below the legend that the first line occupies in a column.
  private func rows(_ image: Image, column: Int) -> [Int] {
    (60..<image.height).filter { isBlue(image, column, $0) }
  }

  private func plot(_ points: [Point]) -> Image {
    LinePlot(
      title: "t", horizontalLabel: "h", verticalLabel: "v", series: [LinePlot.Series(name: "s", points: points)]
    ).image(width: 600, height: 400)
  }

  @Test(arguments: [(1.0, 1024.0), (3, 4), (0.02, 70_000), (8, 8), (1, 2)])
  func `A logarithmic axis has round numbers inside, and equal factors equally far apart`(low: Double, high: Double) {
    let axis = PlotAxis(logarithmicCovering: [high, low], tickCount: 12)
    #expect(axis.lower <= low && axis.upper >= high && (2...12).contains(axis.ticks.count))
    #expect(axis.ticks.allSatisfy { (-1e-6...1 + 1e-6).contains(axis.fraction($0)) })
    #expect(Set(axis.ticks.map(axis.text)).count == axis.ticks.count)
    let middle = (axis.lower * axis.upper).squareRoot()
    #expect(abs(axis.fraction(middle) - 0.5) < 1e-9)
  }

  /// A power is a straight line there.
  @Test func `On logarithmic axes a power is straight`() throws {
    let points = (0..<50).map { Point(x: pow(10, Double($0) / 10), y: pow(10, Double($0) / 5)) }
    let image = LinePlot(
      title: "", horizontalLabel: "", verticalLabel: "", isLogarithmic: true,
      series: [LinePlot.Series(name: "", points: points)]
    ).image()
    let heights = try [250, 450, 650].map { try #require(rows(image, column: $0).last) }
    #expect(abs(heights[0] - 2 * heights[1] + heights[2]) <= 3 && heights[0] > heights[2] + 100)
  }

  @Test func aRisingLineRises() throws {
    let image = plot((0..<100).map { Point(x: Double($0), y: Double($0 * $0)) })
    let heights = try [200, 300, 400, 500].map { try #require(rows(image, column: $0).last) }
    #expect(heights == heights.sorted(by: >))
  }

  @Test func aPointThatIsNotFiniteInterruptsTheLine() {
    let points = (0..<101).map { Point(x: Double($0), y: (45...55).contains($0) ? .nan : 5 + Double($0 % 2)) }
    let image = plot(points)
    #expect(!rows(image, column: 150).isEmpty)
    // The middle of the plotting area, which lies a little right of the middle of the image.
    #expect(rows(image, column: 315).isEmpty)
  }

  @Test func aSingleMeasurementIsVisible() {
    let image = plot([Point(x: 3, y: 7)])
    let blue = (0..<image.width).map { rows(image, column: $0).count }.reduce(0, +)
    #expect(blue >= 9)
  }

  @Test func aLegendTooLongForOneRowTakesSeveral() {
    func firstGridRow(_ count: Int) -> Int? {
      let series = (0..<count).map { LinePlot.Series(name: "a long name of a series \($0)", points: []) }
      let image = LinePlot(title: "", horizontalLabel: "", verticalLabel: "", series: series).image()
      return (0..<image.height).first { CanvasTests.pixel(image, 871, $0) != [255, 255, 255] }
    }
    #expect(firstGridRow(6)! > firstGridRow(2)!)
  }

  /// The legend is at the upper left, where a rising line is not.
  @Test func `A line without a name is drawn, but not in the legend`() {
    func bluePixels(name: String, columns: Range<Int>, rows: Range<Int>) -> Int {
      let points = (0..<10).map { Point(x: Double($0), y: 5 + Double($0)) }
      let plot = LinePlot(
        title: "t", horizontalLabel: "h", verticalLabel: "v", series: [LinePlot.Series(name: name, points: points)])
      let image = plot.image(width: 600, height: 400)
      return rows.reduce(0) { sum, row in sum + columns.count { isBlue(image, $0, row) } }
    }
    #expect(bluePixels(name: "", columns: 0..<600, rows: 0..<400) > 200)
    #expect(bluePixels(name: "s", columns: 0..<150, rows: 0..<100) > 10)
    #expect(bluePixels(name: "", columns: 0..<150, rows: 0..<100) == 0)
  }

  /// A line from (0, 0.8) to (0.5, 0.9) fills the chart, or lies in its upper left quarter.
  @Test func `The axes show the ranges asked for`() throws {
    func image(_ range: ClosedRange<Double>?) -> Image {
      let points = (0...50).map { Point(x: Double($0) / 100, y: 0.8 + Double($0) / 500) }
      return LinePlot(
        title: "t", horizontalLabel: "h", verticalLabel: "v", horizontalRange: range, verticalRange: range,
        series: [LinePlot.Series(name: "s", points: points)]
      ).image(width: 600, height: 400)
    }
    let (free, whole) = (image(nil), image(0...1))
    #expect(!rows(free, column: 500).isEmpty && rows(whole, column: 500).isEmpty)
    let (lowest, highest) = (rows(free, column: 100).last, rows(whole, column: 100).last)
    #expect(try #require(lowest) > 250)
    #expect(try #require(highest) < 150)
  }
}
