import Foundation
import TestSupport
import Testing

/// `~` in paths of files, options and arguments, where no shell replaces it.
struct HomeDirectoryTests {
  private let workspace: Workspace
  private var home: [String: String] { ["HOME": workspace.path] }

  init() throws {
    workspace = try Workspace()
  }

  /// Runs the program in a directory of its own, and expects it to leave no `~` there.
  private func run(_ arguments: String...) throws -> ChildProcess.Outcome {
    let current = try TemporaryDirectory()
    let outcome = try ChildProcess(
      ChildProcess.multibox, arguments, environment: home, directory: current.path
    ).wait()
    #expect(try FileManager.default.contentsOfDirectory(atPath: current.path) == [], "\(arguments)")
    return outcome
  }

  @Test func `Every path of a run and of what uses it may begin with the home directory`() throws {
    try workspace.write(
      NarrowExperiment.yaml(data: "~/data", output: "~/run"), to: workspace.config)
    try run("train", "~/narrow.yaml", "--stop-at", "1", "--output", "~/run").succeeded()
    let resolved = try String(contentsOfFile: workspace.run + "/config.yaml", encoding: .utf8)
    #expect(resolved.contains("output: \(workspace.run)\n") && resolved.contains("root: \(workspace.data)\n"))
    // Run again, the same directory goes on; without the option it is the file's.
    let again = try run("train", "~/narrow.yaml", "--stop-at", "2").succeeded()
    #expect(again.messages.contains("continuing from iteration 1: \(workspace.checkpoint(1))"), "\(again.messages)")
    #expect(!again.messages.contains("configured otherwise"), "\(again.messages)")

    let checkpoint = "~/run/checkpoints/iteration-0000002.safetensors"
    try run("evaluate", checkpoint, "--output=~/scores").succeeded()
    #expect(FileManager.default.fileExists(atPath: workspace.path + "/scores/evaluation.json"))
    let missing = try run("evaluate", checkpoint, "--split", "~/none.json").ended(with: 65)
    #expect(!missing.messages.contains("~"), "\(missing.messages)")
    try run("detect", checkpoint, "~/data/JPEGImages/000002.jpg", "--json=~/found.json").succeeded()
    #expect(FileManager.default.fileExists(atPath: workspace.path + "/found.json"))
    try run(
      "train", "~/narrow.yaml", "--stop-at", "1", "--set", "output=~/next", "--set", "model.weights=\(checkpoint)"
    )
    .succeeded()
    #expect(FileManager.default.fileExists(atPath: workspace.path + "/next/metrics.jsonl"))
    try run("export", checkpoint, "~/weights.safetensors").succeeded()
    #expect(FileManager.default.fileExists(atPath: workspace.path + "/weights.safetensors"))
    try run("synthesize", "~/shapes", "--images", "5").succeeded()
    #expect(FileManager.default.fileExists(atPath: workspace.path + "/shapes/JPEGImages"))
    try run("preview", "~/narrow.yaml", "--images", "1", "--output", "~/preview").succeeded()
    #expect(FileManager.default.fileExists(atPath: workspace.path + "/preview"))
  }

  @Test func `The home directory of another user is refused before anything is done`() throws {
    let option = try run("train", "~/narrow.yaml", "--output", "~bob/run").ended(with: 64)
    #expect(option.messages.contains("'~bob/run': the home directory of another user is not looked up"))
    let key = try run("train", "~/narrow.yaml", "--set", "data.root=[~bob/data]").ended(with: 64)
    #expect(
      key.messages.contains("--set data.root=[~bob/data]: data.root: '~bob/data': the home directory of another user"))
    #expect(!FileManager.default.fileExists(atPath: workspace.run))
  }

  @Test func `An empty path is refused by every command before anything is done`() throws {
    for command in [
      ["split", "~/data", "--output", ""], ["split", ""], ["train", "~/narrow.yaml", "--output", ""],
      ["preview", "~/narrow.yaml", "--images", "1", "--output", ""], ["synthesize", "", "--images", "5"],
      ["score", "--ground-truth", "", "--detections", "a.json", "--metric", "coco"], ["evaluate", ""],
    ] {
      let outcome = try MultiboxProcess(command, environment: home).wait().ended(with: 64)
      #expect(outcome.messages.contains("an empty path; is a variable of the shell not set?"), "\(outcome.messages)")
    }
  }
}
