import ArgumentParser
import Configuration
import Files
import Foundation
import MessagePassing
import Reporting

struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows a run in the terminal while it trains.",
    discussion: """
      Curves of loss and mAP, the time left, where the time goes, the classes of the last evaluation, and which process trains. It reads \
      files only, so it can run on any machine that sees the run directory. Ctrl-C ends it; training goes on.

      Examples:
        multibox watch runs/voc
        multibox watch runs/voc --once
      """)

  @Argument(
    help: ArgumentHelp("A run directory.", valueName: "run"), completion: .directory, transform: HomeDirectory.expand)
  var directory: String

  @Flag(help: "Prints the screen once, as when the output is no terminal.")
  var once = false

  @Option(help: "Seconds between two looks.")
  var every = 2.0

  func validate() throws {
    guard every >= 0.1, every <= 3600 else {
      throw ValidationError("--every must be 0.1 to 3600 seconds, not \(every)")
    }
  }

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("watch")
    var metrics = RunMetrics()
    try readOn(&metrics)
    let showsOnce = once || isatty(STDOUT_FILENO) == 0
    while true {
      let size = Self.terminalSize
      let screen = WatchScreen(state(metrics), columns: size.columns, rows: showsOnce ? .max : size.rows).text
      if showsOnce { return print(screen) }
      // From the upper left corner, each line cleared behind its end, and all below.
      let lines = screen.replacing("\n", with: "\u{1B}[K\n")
      guard StandardStream.writeOutput("\u{1B}[H\(lines)\u{1B}[K\u{1B}[J") else { return }
      Thread.sleep(forTimeInterval: every)
      try readOn(&metrics)
    }
  }

  /// A run that has just begun has no metrics yet.
  private func readOn(_ metrics: inout RunMetrics) throws {
    let exists = ["metrics.jsonl", "config.yaml", RunLock.fileName].map {
      FileManager.default.fileExists(atPath: "\(directory)/\($0)")
    }
    if exists[0] || !exists.contains(true) { try metrics.readOn(ofRun: directory) }
  }

  private func state(_ metrics: RunMetrics) -> WatchScreen.State {
    var status = stat()
    let age =
      stat(directory + "/metrics.jsonl", &status) == 0
      ? Date().timeIntervalSince1970 - Double(status.st_mtim.tv_sec) : 0
    return WatchScreen.State(
      directory: directory, configuration: try? Configuration(contentsOf: directory + "/config.yaml", overrides: []),
      metrics: metrics, owner: RunLock.holder(of: directory)?.owner.description, age: age)
  }

  private static var terminalSize: (columns: Int, rows: Int) {
    var size = winsize()
    if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
      return (Int(size.ws_col), Int(size.ws_row))
    }
    return (ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 100, 50)
  }
}
