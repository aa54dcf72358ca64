import Images

/// The precision–recall curves of the classes at an IoU of 0.5, each point the largest precision at its recall or above.
///
/// Of more than five classes only the five with the lowest average precision are named, beside the mean of all.
struct PrecisionRecallPlot {
  private static let namedClasses = 5

  private let sheet: ScoreSheet

  init(_ sheet: ScoreSheet) {
    self.sheet = sheet
  }

  /// Writes the image.
  func write(to path: String) throws {
    try chart.image().writePNG(to: path)
  }

  /// A line ends where its recall does; the mean has precision 0 there.
  var chart: LinePlot {
    let classes = zip(sheet.classNames, sheet.result.classes).filter { !$1.precision.isEmpty }
      .sorted { ($0.1.averagePrecision ?? 0) > ($1.1.averagePrecision ?? 0) }
    let named = classes.suffix(Self.namedClasses)
    var series = classes.dropLast(named.count).map { _, result in
      LinePlot.Series(name: "", points: Self.points(result.precision), isFaint: true)
    }
    series += named.map { name, result in
      LinePlot.Series(
        name: "\(name) \(ScoreSheet.digits(result.averagePrecision))", points: Self.points(result.precision))
    }
    if let count = classes.first?.1.precision.count, classes.count > 1 {
      let mean = (0..<count).map { level in
        classes.reduce(0) { $0 + $1.1.precision[level] } / Double(classes.count)
      }
      series.append(LinePlot.Series(name: "mean", points: Self.points(mean)))
    }
    return LinePlot(
      title: "mAP (\(sheet.result.metric.rawValue)) \(sheet.meanAveragePrecisionText)", horizontalLabel: "recall",
      verticalLabel: "precision at an IoU of 0.5", horizontalRange: 0...1, verticalRange: 0...1, series: series)
  }

  private static func points(_ precision: [Double]) -> [Point] {
    precision.enumerated().prefix { $1 > 0 }.map { level, precision in
      Point(x: Double(level) / 100, y: precision)
    }
  }
}
