import Files
import Foundation
import Training

/// Shows how far training is: one line that rewrites itself on a terminal, now and then a line elsewhere.
package struct ProgressLine {
  private let total: Int
  private let start: Int
  private let startTime: ContinuousClock.Instant
  private let isTerminal: Bool
  private let write: (String) -> Void
  private var lastShown: ContinuousClock.Instant?
  /// The last iterations, of which the means are shown.
  private var recent: [TrainingRecord] = []
  private static let window = 50

  /// Shows progress on standard error.
  ///
  /// - Parameters:
  ///   - start: iterations done before.
  ///   - total: the last iteration of this part of the run.
  package init(from start: Int, to total: Int) {
    self.init(
      from: start, to: total, isTerminal: isatty(STDERR_FILENO) == 1, now: .now, write: StandardStream.writeError)
  }

  package init(
    from start: Int, to total: Int, isTerminal: Bool, now: ContinuousClock.Instant, write: @escaping (String) -> Void
  ) {
    self.start = start
    self.total = total
    self.isTerminal = isTerminal
    self.write = write
    startTime = now
  }

  /// Shows an iteration, unless the last one was shown a moment ago: a tenth of a second on a terminal, half a minute
  /// elsewhere. The first and the last iteration are always shown.
  package mutating func update(_ record: TrainingRecord) {
    update(record, now: .now)
  }

  /// Ends the line on a terminal, so that what is printed next starts on its own.
  package mutating func finish() {
    if isTerminal && lastShown != nil { write("\n") }
    lastShown = nil
  }

  package mutating func update(_ record: TrainingRecord, now: ContinuousClock.Instant) {
    recent.append(record)
    if recent.count > Self.window { recent.removeFirst() }
    let pause = isTerminal ? Duration.milliseconds(100) : .seconds(30)
    if let lastShown, now - lastShown < pause, record.iteration < total { return }
    lastShown = now
    let line = text(record, now: now)
    write(isTerminal ? "\r\u{1B}[K\(line)" : "\(line)\n")
  }

  private func text(_ record: TrainingRecord, now: ContinuousClock.Instant) -> String {
    let done = record.iteration - start
    let secondsPerIteration = done > 0 ? (now - startTime) / Duration.seconds(done) : 0
    let left = secondsPerIteration * Double(total - record.iteration)
    let count = Double(recent.count)
    let mean = recent.reduce(0) { $0 + $1.loss } / count
    let speed = count / recent.reduce(0) { $0 + 1 / $1.imagesPerSecond }
    return
      "iteration \(record.iteration)/\(total)  loss \(Self.digits(record.loss, "%.4f")), mean \(Self.digits(mean, "%.4f"))  "
      + "\(Self.digits(speed, "%.2f")) images/s  learning rate \(record.learningRate)  "
      + "\(Self.time(seconds: left)) left"
  }

  private static func digits(_ value: Double, _ format: String) -> String {
    String(format: format, value)
  }

  /// Hours, minutes and seconds, with days in front when there are any.
  private static func time(seconds: Double) -> String {
    let seconds = Int(seconds.rounded())
    let clock = String(format: "%d:%02d:%02d", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
    return seconds >= 86400 ? "\(seconds / 86400) d \(clock)" : clock
  }
}

/// Shows a ``ProgressLine``.
final class ProgressDisplay: RunObserver {
  private var line: ProgressLine

  init(_ run: RunDescription) {
    line = ProgressLine(from: run.iteration, to: run.last)
  }

  func iterated(_ record: TrainingRecord, images: [String]?) { line.update(record) }
  func ended(_ outcome: Trainer.Outcome) { line.finish() }
}
