import Files
import Foundation

/// Shows how many of some images are done: one line that rewrites itself on a terminal, a line every half minute elsewhere.
struct CountLine {
  private let verb: String
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private var hasShown = false

  /// - Parameter verb: what was done with them, "evaluated".
  init(_ verb: String) { self.verb = verb }

  /// Shows the count, unless it was shown a moment ago.
  mutating func update(_ done: Int, of all: Int) {
    let now = ContinuousClock.now
    guard now - lastShown >= (isTerminal ? .milliseconds(200) : .seconds(30)), done > 0 else { return }
    (lastShown, hasShown) = (now, true)
    let seconds = (now - start) / .seconds(1)
    let left = Int((seconds * Double(all - done) / Double(done)).rounded())
    let text = String(
      format: "%@ %d of %d images, %.1f images/s, %d s left", verb, done, all, Double(done) / seconds, left)
    StandardStream.writeError(isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
  }

  /// Ends the line, so that what is printed next starts on its own.
  mutating func finish() {
    if isTerminal, hasShown { StandardStream.writeError("\r\u{1B}[K") }
    hasShown = false
  }
}
