import Files
import Foundation
import Images
import Training

/// The curves of a run's losses and of its evaluations, drawn from its `metrics.jsonl`.
struct LossPlot {
  private struct Line: Decodable {
    let iteration: Int
    let loss: Double?
    let confidence_loss: Double?
    let location_loss: Double?
    let metric: String?
    let mAP: Double?
  }

  private let lines: [Line]
  private let evaluations: [Line]

  /// Reads the training lines of a log.
  init(metrics path: String) throws(FileError) {
    let text = String(decoding: try FileContent.bytes(of: path), as: UTF8.self)
    let decoder = JSONDecoder()
    let all = text.split(separator: "\n").compactMap { try? decoder.decode(Line.self, from: Data($0.utf8)) }
    lines = all.filter { $0.loss != nil }
    evaluations = all.filter { $0.mAP != nil }
  }

  /// Writes the image, unless there is no line to draw.
  func write(to path: String) throws {
    guard lines.count > 1 else { return }
    let metric = evaluations.last?.metric ?? ""
    let validation = LinePlot.Series(
      name: "mAP (\(metric)), right axis",
      points: evaluations.map { Point(x: Double($0.iteration), y: $0.mAP ?? .nan) }, isOnRight: true)
    let plot = LinePlot(
      title: "Multibox loss", horizontalLabel: "iteration", verticalLabel: "loss for each matched default box",
      rightLabel: "mean average precision", rightRange: 0...1,
      series: [
        LinePlot.Series(name: "each iteration", points: points(\.loss), isFaint: true),
        LinePlot.Series(name: "loss", points: smoothed(points(\.loss))),
        LinePlot.Series(name: "confidence", points: smoothed(points(\.confidence_loss))),
        LinePlot.Series(name: "location", points: smoothed(points(\.location_loss))),
      ] + (evaluations.isEmpty ? [] : [validation]))
    try plot.image().writePNG(to: path)
  }

  private func points(_ value: KeyPath<Line, Double?>) -> [Point] {
    lines.compactMap { line in line[keyPath: value].map { Point(x: Double(line.iteration), y: $0) } }
  }

  /// The mean over the last points, a fiftieth of the run.
  private func smoothed(_ points: [Point]) -> [Point] {
    let window = max(1, points.count / 50)
    return points.indices.map { index in
      let range = max(0, index - window + 1)...index
      return Point(x: points[index].x, y: points[range].reduce(0) { $0 + $1.y } / Double(range.count))
    }
  }
}

/// Draws `loss.png` at the end.
final class LossPlotter: RunObserver {
  private let run: RunDescription

  init(_ run: RunDescription) {
    self.run = run
  }

  func ended(_ outcome: Trainer.Outcome) throws {
    try LossPlot(metrics: run.path("metrics.jsonl")).write(to: run.path("loss.png"))
  }
}
