import Configuration
import Files
import Foundation
import Images

/// Several runs side by side: what they reached, how fast, and which settings differ.
package struct ComparisonPage {
  /// A run.
  package struct Run: Sendable {
    /// The run directory.
    package let directory: String
    /// What happened.
    package let metrics: RunMetrics
    /// Every setting by its key; see `Configuration.texts`.
    package let settings: [String: String]

    /// Reads a run directory.
    ///
    /// - Throws: `FileError`, `ConfigurationError` naming the file that is no such.
    package init(_ directory: String) throws {
      self.directory = directory
      metrics = try RunMetrics(ofRun: directory)
      settings = try Configuration(contentsOf: directory + "/config.yaml", overrides: []).texts
    }
  }

  private let runs: [Run]

  /// - Precondition: there is a run.
  package init(_ runs: [Run]) {
    precondition(!runs.isEmpty, "nothing to compare")
    self.runs = runs
  }

  /// What is told of each run: name and value.
  private static func facts(_ run: Run) -> [(name: String, value: String)] {
    let (metrics, last) = (run.metrics, run.metrics.iterations.last)
    let seconds = metrics.secondsOfTraining
    let speed = Figures.median(metrics.iterations.suffix(200).compactMap(\.images_per_second))
    func after(_ evaluation: RunMetrics.Evaluation?) -> String {
      evaluation.map { "\(Figures.digits($0.mAP, 4)) after \($0.iteration)" } ?? "–"
    }
    let half = metrics.best.flatMap { best in
      metrics.evaluations.first { ($0.mAP ?? 0) >= 0.9 * (best.mAP ?? 1) }
    }
    return [
      ("model", run.settings["model.name"] ?? "–"), ("iterations", "\(last?.iteration ?? 0)"),
      ("last loss", Figures.digits(metrics.points(\.loss).smoothed.last?.y)),
      ("last mAP", after(metrics.evaluations.last)), ("best mAP", after(metrics.best)),
      ("metric", Set(metrics.evaluations.map(\.metric)).sorted().joined(separator: ", ")),
      ("images/s", Figures.digits(speed, 2)), ("ranks", "\(last?.world_size ?? 0)"),
      ("training", last.flatMap { seconds[$0.iteration] }.map(Figures.duration) ?? "–"),
      (
        "nine tenths of the best after",
        half.flatMap { seconds[$0.iteration] }.map(Figures.duration) ?? "–"
      ),
    ]
  }

  /// Names that tell the runs apart.
  private var names: [String] {
    let short = runs.map { URL(fileURLWithPath: $0.directory).lastPathComponent }
    return Set(short).count == short.count ? short : runs.map(\.directory)
  }

  /// The keys whose values differ, with the values by run.
  package var differences: [(key: String, values: [String])] {
    let keys = Set(runs.flatMap(\.settings.keys)).subtracting(["output"]).sorted()
    return keys.compactMap { key in
      let values = runs.map { $0.settings[key] ?? "–" }
      return Set(values).count > 1 ? (key, values) : nil
    }
  }

  /// The table of facts and the keys that differ, for a terminal.
  package var text: String {
    let facts = runs.map(Self.facts)
    let rows = [[""] + names] + facts[0].indices.map { row in [facts[0][row].name] + facts.map { $0[row].value } }
    let differing = differences.map { [$0.key] + $0.values }
    return TextTable(rows).text
      + (differing.isEmpty ? "" : "\n\n" + TextTable([["settings that differ"] + names] + differing).text)
  }

  /// Writes a page with table and curves.
  ///
  /// - Throws: `FileError`.
  package func write(to path: String) throws(FileError) {
    try AtomicFile.replace(path, with: html, isDurable: false)
  }

  private var html: String {
    let facts = runs.map(Self.facts)
    let rows: [[HTML]] = facts[0].indices.map { row in
      ["\(facts[0][row].name)"] + facts.map { "\($0[row].value)" }
    }
    let differing: [[HTML]] = differences.map { difference in
      ["\(difference.key)"] + difference.values.map { "\($0)" }
    }
    func charts(_ horizontal: String, _ place: (Run) -> (Int) -> Double?) -> [HTML] {
      func series(_ points: (Run) -> [Point]) -> [Chart.Series] {
        runs.enumerated().map { index, run in
          let place = place(run)
          return Chart.Series(
            name: names[index],
            points: points(run).compactMap { point in
              Int(exactly: point.x).flatMap(place).map { Point(x: $0, y: point.y) }
            },
            color: index)
        }
      }
      return [
        Chart(
          title: "mAP", horizontal: horizontal, verticalRange: 0...1,
          series: series { run in
            run.metrics.evaluations.compactMap { line in line.mAP.map { Point(x: Double(line.iteration), y: $0) } }
          }
        ).html,
        Chart(title: "Loss", horizontal: horizontal, series: series { $0.metrics.points(\.loss).smoothed }).html,
      ]
    }
    let iterations = charts("iteration") { _ in { Double($0) } }
    let minutes = charts("minutes of training") { run in
      let seconds = run.metrics.secondsOfTraining
      return { seconds[$0].map { $0 / 60 } }
    }
    let settings =
      differing.isEmpty
      ? "<p>No setting differs.</p>" as HTML : HTML.table(["key"] + names, differing, class: "plain")
    return HTML.page(
      title: "\(names.joined(separator: ", ")), Multibox",
      """
      <h1>Runs side by side</h1>
      \(HTML.table([""] + names, rows))
      <section><h2>By iterations</h2><div class="charts">\(iterations)</div></section>
      <section><h2>By time</h2><div class="charts">\(minutes)</div></section>
      <section><h2>Settings that differ</h2>\(settings)</section>

      """)
  }
}
