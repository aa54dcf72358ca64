import Files
import Foundation

extension Forecast {
  /// A table, advice, and where the numbers come from.
  package var text: String {
    let title =
      "\(subject.shape.model), \(subject.globalBatch) images an iteration in micro-batches of \(subject.shape.microBatch), "
      + "\(subject.wire.rawValue) on the wire, \(subject.bucketMegabytes.map { "buckets of \(Quantities.number(Double($0))) MB" } ?? "buckets that fit the network"), "
      + "\(Quantities.count(question.ranksPerHost, "rank")) a machine"
    var sections = [title, TextTable(rows).text]
    if let last = points.max(by: { $0.ranks < $1.ranks }) {
      let each = last.imagesPerSecond / Double(last.hosts)
      sections.append(
        "files: \(Quantities.number(last.imagesPerSecond)) are opened a second at \(Quantities.count(last.ranks, "rank")), \(Quantities.number(each)) of them by each machine"
      )
    }
    if !runs.isEmpty { sections.append(list("measured runs", runs.map(comparison))) }
    sections.append(list("advice", advice.map(\.text)))
    sections.append(list("measured", sources))
    sections.append(list("assumed", assumptions))
    return sections.joined(separator: "\n\n")
  }

  private func list(_ title: String, _ lines: [String]) -> String {
    ([title] + (lines.isEmpty ? ["nothing"] : lines).map { "  " + $0 }).joined(separator: "\n")
  }

  private var rows: [[String]] {
    let loads = points.contains { $0.result.loading > 0 }
    let hasLength = points.contains { $0.nodeHours != nil }
    let header =
      ["ranks", "machines", "micro-batches", "iteration", "images/s", "efficiency", "communication", "waiting"]
      + (loads ? ["loading"] : []) + (hasLength ? ["node-hours"] : [])
    return [header]
      + points.map { point in
        let result = point.result
        return [
          "\(point.ranks)", "\(point.hosts)", "\(point.microBatches)", Quantities.seconds(result.iteration),
          Quantities.number(point.imagesPerSecond), String(format: "%.1f %%", 100 * point.efficiency),
          Quantities.seconds(result.communication), Quantities.seconds(result.waiting),
        ] + (loads ? [Quantities.seconds(result.loading)] : [])
          + (hasLength ? [point.nodeHours.map(Quantities.number) ?? "-"] : [])
      }
  }

  private func comparison(_ run: RunMeasurement) -> String {
    let measured =
      "\(Quantities.count(run.worldSize, "rank")): \(Quantities.number(run.imagesPerSecond)) images/s (\(run.file))"
    guard let point = points.first(where: { $0.ranks == run.worldSize }) else { return measured }
    return measured + String(format: ", predicted %+.1f %%", 100 * (point.imagesPerSecond / run.imagesPerSecond - 1))
  }
}
