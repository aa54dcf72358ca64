import Foundation
import TestSupport
import Testing

/// A run in the terminal.
struct WatchTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  @Test func `It shows how far a run is and what it reached`() throws {
    try workspace.train("evaluation.every=2", "training.iterations=8", stopAt: 4).succeeded()
    let screen = try MultiboxProcess(["watch", workspace.run], environment: ["COLUMNS": "80"]).wait().succeeded().output
    let lines = screen.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines[0] == "\(workspace.run), ssd300-vgg16, 1 rank".prefix(80))
    #expect(lines[1].contains("50 %  iteration 4 of 8") && lines[1].hasSuffix("left"), "\(lines[1])")
    #expect(lines[2] == "nobody trains here at the moment")
    #expect(lines.allSatisfy { $0.count <= 80 } && screen.contains("AP after iteration 4"))
    #expect(screen.contains("█") && screen.contains("circle") && screen.contains("s an iteration: "))
  }

  @Test func `It follows a run that goes on, and names who trains`() throws {
    let training = try MultiboxProcess(["train", workspace.config, "--set", "training.iterations=100000"])
    defer { kill(training.identifier, SIGKILL) }
    var screen = ""
    let deadline = ContinuousClock.now + .seconds(60)
    while !screen.contains("of 100000"), ContinuousClock.now < deadline {
      Thread.sleep(forTimeInterval: 0.2)
      screen = try MultiboxProcess(["watch", workspace.run, "--once"]).wait().output
    }
    #expect(screen.contains("trained by process \(training.identifier)") && screen.contains("of 100000"), "\(screen)")
  }

  @Test func `What cannot be watched is named`() throws {
    let outcome = try MultiboxProcess.run("watch", workspace.data).ended(with: 74)
    #expect(outcome.messages.contains("\(workspace.data)/metrics.jsonl"), "\(outcome.messages)")
    try MultiboxProcess.run("watch", workspace.data, "--every", "0").ended(with: 64)
  }
}
