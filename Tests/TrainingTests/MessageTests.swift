import Files
import Logging
import Reporting
import Testing
import Threads
import Training

struct MessageTests {
  /// Collects what would be printed.
  private final class Output: Sendable {
    private let text = Monitor("")
    var written: String { text.withLock { $0 } }
    func write(_ piece: String) { text.withLock { $0 += piece } }
  }

  @Test func `Elsewhere than on a terminal a line appears every half minute, and the last always`() {
    let output = Output()
    let start = ContinuousClock.now
    var progress = ProgressLine(from: 100, to: 300, isTerminal: false, now: start) { output.write($0) }
    for iteration in 101...300 {
      progress.update(MetricsLogTests.record(iteration), now: start + .seconds(iteration - 100))
    }
    progress.finish()
    let lines = output.written.split(separator: "\n")
    #expect(lines.map { $0.split(separator: " ")[1] } == [101, 131, 161, 191, 221, 251, 281, 300].map { "\($0)/300" })
    #expect(lines[1] == "iteration 131/300  loss 1.5000, mean 1.5000  2.00 images/s  learning rate 0.001  0:02:49 left")
    #expect(lines.last?.hasSuffix("0:00:00 left") == true)
  }

  @Test func `On a terminal one line rewrites itself and ends when training does`() {
    let output = Output()
    let start = ContinuousClock.now
    var progress = ProgressLine(from: 0, to: 1_000_000, isTerminal: true, now: start) { output.write($0) }
    progress.update(MetricsLogTests.record(1), now: start + .seconds(1))
    progress.update(MetricsLogTests.record(2), now: start + .milliseconds(1050))
    progress.update(MetricsLogTests.record(3), now: start + .seconds(3))
    progress.finish()
    #expect(output.written.components(separatedBy: "\r\u{1B}[K").count == 3)
    #expect(output.written.contains("iteration 3/1000000"))
    #expect(output.written.hasSuffix("11 d 13:46:37 left\n"))
  }

  @Test func `A line has the means of the last fifty iterations`() {
    let output = Output()
    let start = ContinuousClock.now
    var progress = ProgressLine(from: 0, to: 60, isTerminal: false, now: start) { output.write($0) }
    for iteration in 1...60 {
      progress.update(MetricsLogTests.record(iteration, loss: Double(iteration)), now: start + .seconds(iteration))
    }
    #expect(output.written.split(separator: "\n").last?.contains("loss 60.0000, mean 35.5000  2.00 images/s") == true)
  }

  @Test(arguments: [
    (Logger.Level.info, "loaded\n"), (.warning, "warning: loaded\n"), (.error, "error: loaded\n"), (.debug, ""),
  ])
  func `Messages carry their severity in words`(level: Logger.Level, expected: String) {
    let output = Output()
    let logger = Logger(label: "test") { _ in StandardErrorLogHandler(isTerminal: false) { output.write($0) } }
    logger.log(level: level, "loaded")
    #expect(output.written == expected)
  }

  @Test func `A message takes the place of an unfinished progress line`() {
    let output = Output()
    var logger = Logger(label: "test") { _ in StandardErrorLogHandler(isTerminal: true) { output.write($0) } }
    logger[metadataKey: "rank"] = "1"
    logger.warning("slow disk", metadata: ["host": "a"])
    #expect(output.written == "\r\u{1B}[Kwarning: slow disk host=a rank=1\n")
  }
}
