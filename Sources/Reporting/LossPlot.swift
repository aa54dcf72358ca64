import Images
import Training

/// Draws the curves of a run's losses and of its evaluations at its end: `loss.png`.
final class LossPlotter: RunObserver {
  private let run: RunDescription

  init(_ run: RunDescription) {
    self.run = run
  }

  func ended(_ outcome: Trainer.Outcome) throws {
    let metrics = try RunMetrics(ofRun: run.configuration.output)
    guard metrics.iterations.count > 1 else { return }
    let validation = LinePlot.Series(
      name: "mAP (\(metrics.evaluations.last?.metric ?? "")), right axis",
      points: metrics.evaluations.compactMap { line in line.mAP.map { Point(x: Double(line.iteration), y: $0) } },
      isOnRight: true)
    let plot = LinePlot(
      title: "Multibox loss", horizontalLabel: "iteration", verticalLabel: "loss for each matched default box",
      rightLabel: "mean average precision", rightRange: 0...1,
      series: [
        LinePlot.Series(name: "each iteration", points: metrics.points(\.loss), isFaint: true),
        LinePlot.Series(name: "loss", points: metrics.points(\.loss).smoothed),
        LinePlot.Series(name: "confidence", points: metrics.points(\.confidence_loss).smoothed),
        LinePlot.Series(name: "location", points: metrics.points(\.location_loss).smoothed),
      ] + (validation.points.isEmpty ? [] : [validation]))
    try plot.image().writePNG(to: run.path("loss.png"))
  }
}
