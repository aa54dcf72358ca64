import Images
import Prediction

extension Forecast {
  /// Images a second by ranks, with what they would be if ranks did not wait for each other, and what was measured.
  var plot: LinePlot {
    let sorted = points.sorted { $0.ranks < $1.ranks }
    let counts = sorted.map(\.ranks) + runs.map(\.worldSize)
    let ends = [counts.min() ?? 1, counts.max() ?? 1].map(Double.init)
    var series = [
      LinePlot.Series(
        name: "ideal", points: ends.map { Point(x: $0, y: $0 * singleProcess) }, isFaint: true),
      LinePlot.Series(
        name: "predicted", points: sorted.map { Point(x: Double($0.ranks), y: $0.imagesPerSecond) }),
    ]
    if !runs.isEmpty {
      // Points of several runs that no line joins.
      let points = runs.flatMap {
        [Point(x: Double($0.worldSize), y: $0.imagesPerSecond), Point(x: .nan, y: .nan)]
      }
      series.append(LinePlot.Series(name: "measured", points: points))
    }
    return LinePlot(
      title: "\(subject.shape.model), \(subject.globalBatch) images an iteration", horizontalLabel: "ranks",
      verticalLabel: "images a second", isLogarithmic: true, series: series)
  }
}
