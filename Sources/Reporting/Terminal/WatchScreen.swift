import Configuration
import Files
import Foundation

/// What a terminal shows of a run that goes on.
package struct WatchScreen {
  /// What a run directory says at a moment.
  package struct State: Sendable {
    /// The run directory.
    package var directory: String
    /// What was trained; nil where the file of it cannot be read.
    package var configuration: Configuration?
    /// What happened.
    package var metrics: RunMetrics
    /// Which process trains there, in words; nil when none does.
    package var owner: String?
    /// Seconds since the last line was written.
    package var age: Double

    package init(
      directory: String, configuration: Configuration?, metrics: RunMetrics, owner: String?, age: Double
    ) {
      (self.directory, self.configuration, self.metrics) = (directory, configuration, metrics)
      (self.owner, self.age) = (owner, age)
    }
  }

  private let state: State
  private let (columns, rows): (Int, Int)

  /// - Parameters:
  ///   - columns: of the terminal.
  ///   - rows: of the terminal; what does not fit is left out, from the end.
  package init(_ state: State, columns: Int, rows: Int) {
    self.state = state
    (self.columns, self.rows) = (max(40, columns), max(4, rows))
  }

  /// Iterations whose mean is told.
  private static let window = 50

  /// The lines.
  package var text: String {
    guard let last = state.metrics.iterations.last else {
      return "\(state.directory): no iteration yet; \(standing)"
    }
    let recent = state.metrics.iterations.suffix(Self.window)
    let secondsEach = recent.reduce(0) { $0 + $1.seconds.values.reduce(0, +) } / Double(recent.count)
    var lines = [heading(last), progress(last, secondsEach: secondsEach), standing, ""]
    lines += losses + scores
    lines += ["", phases(Array(recent), secondsEach: secondsEach)] + slowest(Array(recent))
    if let evaluation = state.metrics.evaluations.last {
      lines += ["", "AP after iteration \(evaluation.iteration)"] + classes(evaluation)
    }
    return lines.prefix(rows).map { String($0.prefix(columns)) }.joined(separator: "\n")
  }

  private func heading(_ last: RunMetrics.Iteration) -> String {
    let model = state.configuration.map { ", \($0.model.architecture.name)" } ?? ""
    return "\(state.directory)\(model), \(last.world_size) rank\(last.world_size == 1 ? "" : "s")"
  }

  /// Iterations of the whole run, where it is known.
  private var total: Int? {
    guard let configuration = state.configuration, let last = state.metrics.iterations.last, last.epoch > 0 else {
      return nil
    }
    let images = Double(last.iteration) * Double(configuration.training.globalBatch) / last.epoch
    guard let count = Int(exactly: images.rounded()), (1..<1 << 40).contains(count) else { return nil }
    return configuration.iterations(images: count)
  }

  private func progress(_ last: RunMetrics.Iteration, secondsEach: Double) -> String {
    let batch = state.configuration.map { Double($0.training.globalBatch) }
    let speed = batch.map { String(format: ", %.1f images/s", $0 / max(secondsEach, 1e-9)) } ?? ""
    guard let total else { return "iteration \(last.iteration)\(speed)" }
    let share = min(1, Double(last.iteration) / Double(total))
    let width = min(30, columns / 3)
    let done = Int((share * Double(width)).rounded())
    let bar = String(repeating: "█", count: done) + String(repeating: "░", count: width - done)
    let left =
      last.iteration < total ? ", \(Figures.duration(Double(total - last.iteration) * secondsEach)) left" : ", done"
    return String(format: "%@ %.0f %%  iteration %d of %d", bar, 100 * share, last.iteration, total) + speed + left
  }

  /// Who trains, and whether anything happens.
  private var standing: String {
    guard let owner = state.owner else { return "nobody trains here at the moment" }
    let quiet = state.age > 60 ? "; NOTHING WRITTEN FOR \(Figures.duration(state.age))" : ""
    return "trained by \(owner)\(quiet)"
  }

  /// The loss, its mean of late, and its curve.
  private var losses: [String] {
    let values = state.metrics.iterations.compactMap(\.loss)
    let recent = values.suffix(Self.window)
    let mean = recent.reduce(0, +) / Double(max(1, recent.count))
    let top = values.filter(\.isFinite).max() ?? .nan
    return [String(format: "loss %.3f, top of the curve %.2f", mean, top)]
      + curve(values, rows: rows < 40 ? 4 : 6)
  }

  /// The last mAP and its curve.
  private var scores: [String] {
    let values = state.metrics.evaluations.compactMap(\.mAP)
    guard let last = values.last else { return [] }
    return ["", String(format: "mAP %.4f", last)] + curve(values, rows: rows < 40 ? 2 : 4, range: 0...1)
  }

  private func curve(_ values: [Double], rows: Int, range: ClosedRange<Double>? = nil) -> [String] {
    BlockChart(columns: columns - 2, rows: rows, range: range).lines(values).map { " " + $0 }
  }

  private func phases(_ recent: [RunMetrics.Iteration], secondsEach: Double) -> String {
    let shares = RunMetrics.phases.map { name in
      (name, recent.reduce(0) { $0 + ($1.seconds[name] ?? 0) } / Double(recent.count) / max(secondsEach, 1e-9))
    }.filter { $0.1 >= 0.005 }
    let parts = shares.map { String(format: "%@ %.0f %%", $0.0, 100 * $0.1) }.joined(separator: ", ")
    return String(format: "%.3f s an iteration: ", secondsEach) + parts
  }

  /// The rank that the others waited for most often, and for how long.
  private func slowest(_ recent: [RunMetrics.Iteration]) -> [String] {
    let found = Dictionary(grouping: recent.compactMap(\.slowest_rank)) { $0.rank }
    let all = found.values.reduce(0) { $0 + $1.count }
    guard let (rank, times) = found.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }) else { return [] }
    let (seconds, median) = (times.reduce(0) { $0 + $1.seconds }, times.reduce(0) { $0 + $1.median })
    let more = median > 0 ? 100 * (seconds / median - 1) : 0
    return [
      String(
        format: "slowest rank: %d on %@ in %.0f %% of the iterations, %.0f %% slower than the median then", rank,
        times[0].host, 100 * Double(times.count) / Double(all), more)
    ]
  }

  /// The classes in columns, the weakest first.
  private func classes(_ evaluation: RunMetrics.Evaluation) -> [String] {
    let entries = evaluation.AP.sorted { ($0.value ?? 2, $0.key) < ($1.value ?? 2, $1.key) }.map { name, value in
      "\(Figures.digits(value)) \(name)"
    }
    let width = (entries.map(\.count).max() ?? 1) + 3
    let perLine = max(1, columns / width)
    return stride(from: 0, to: min(entries.count, 8 * perLine), by: perLine).map { start in
      entries[start..<min(start + perLine, entries.count)].map {
        $0.padding(toLength: width, withPad: " ", startingAt: 0)
      }.joined()
    }
  }
}
