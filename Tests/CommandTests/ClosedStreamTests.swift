import Foundation
import TestSupport
import Testing

/// Nobody reads what the program says, or it cannot be written: it works on.
struct ClosedStreamTests {
  @Test(arguments: ["exec 2>/dev/full", "exec 2>&-", "exec 2> >(true)"])
  func `Training goes on without standard error`(redirection: String) throws {
    let workspace = try Workspace()
    let process = try ChildProcess(
      URL(fileURLWithPath: "/bin/bash"),
      [
        "-c", "\(redirection); exec \"$0\" \"$@\"", ChildProcess.multibox.path, "train", workspace.config, "--stop-at",
        "2",
      ])
    #expect(try process.wait().exitCode == 0)
    #expect(FileManager.default.fileExists(atPath: workspace.checkpoint(2)))
  }

  @Test func `What shows a run does not end it`() throws {
    let workspace = try Workspace()
    for name in ["report.html", "loss.png"] {
      try FileManager.default.createDirectory(atPath: "\(workspace.run)/\(name)", withIntermediateDirectories: true)
    }
    let outcome = try workspace.train("evaluation.every=2", stopAt: 2).succeeded()
    for name in ["report.html", "loss.png"] {
      #expect(outcome.messages.contains("warning: \(workspace.run)/\(name): "), "\(outcome.messages)")
    }
    #expect(FileManager.default.fileExists(atPath: workspace.checkpoint(2)))
  }
}
