import Foundation
import Inference
import TestSupport
import Testing

struct KillTests {
  private let workspace: Workspace
  private let iterations = 80

  init() throws {
    workspace = try Workspace()
  }

  /// Files of some ten megabytes, one for every iteration of a single image. With steps as large as elsewhere, it would be up to rounding
  /// whether the run diverges.
  private func arguments(_ output: String) -> [String] {
    [
      "train", workspace.config, "--output", output, "--set", "model.width_multiplier=0.2", "--set",
      "training.global_batch=1", "--set", "training.micro_batch=1", "--set", "training.iterations=\(iterations)",
      "--set", "training.learning_rate=1e-5", "--set", "checkpoint.every=1",
    ]
  }

  private func newest(_ run: String) throws -> Checkpoint.Metadata {
    let checkpoint = try Checkpoint(
      contentsOf: "\(run)/checkpoints/iteration-\(String(format: "%07d", iterations)).safetensors")
    return try #require(checkpoint.metadata)
  }

  @Test func `Killed at any instant, above all while it writes, a run ends in the state of the uninterrupted one`()
    throws
  {
    let (whole, killed) = (workspace.run + "-whole", workspace.run + "-killed")
    try MultiboxProcess(arguments(whole)).wait().succeeded()

    var random = SeededGenerator.printing(for: "kills")
    var kills = 0
    var tornWrites = 0
    for attempt in 0..<15 {
      let process = try MultiboxProcess(arguments(killed))
      if attempt.isMultiple(of: 3) {
        Thread.sleep(forTimeInterval: .random(in: 0.05...1.5, using: &random))
      } else {
        waitForWriting(in: killed + "/checkpoints", process)
        Thread.sleep(forTimeInterval: .random(in: 0...0.02, using: &random))
      }
      process.kill()
      if try process.wait().exitCode == nil { kills += 1 }
      if try hasPartialFile(killed + "/checkpoints") { tornWrites += 1 }
    }
    #expect(kills >= 10 && tornWrites >= 1, "\(kills) kills, \(tornWrites) of them inside a write")

    try MultiboxProcess(arguments(killed)).wait().succeeded()
    let (result, expected) = (try newest(killed), try newest(whole))
    #expect(result.iteration == iterations && result.parametersSHA256 == expected.parametersSHA256)
    #expect(try NarrowExperiment.metrics(ofRun: killed) == NarrowExperiment.metrics(ofRun: whole))
    #expect(try !hasPartialFile(killed + "/checkpoints"))
  }

  /// Checkpoints are written for evaluations alone, so a run killed inside one has lost the iterations before it if its checkpoint came
  /// after.
  @Test func `Killed during an evaluation, a run continues from the checkpoint before it and makes the evaluation up`()
    throws
  {
    let overrides = [
      "training.iterations=12", "training.learning_rate=1e-5", "checkpoint.every=1000", "evaluation.every=2",
      "data.evaluation_split=trainval",
    ]
    func arguments(_ output: String) -> [String] {
      ["train", workspace.config, "--output", output] + overrides.flatMap { ["--set", $0] }
    }
    let (whole, killed) = (workspace.run + "-whole", workspace.run + "-killed")
    try MultiboxProcess(arguments(whole)).wait().succeeded()

    var insideEvaluation: [Int] = []
    for iteration in stride(from: 2, through: 12, by: 2) {
      let checkpoint = killed + "/checkpoints/iteration-\(String(format: "%07d", iteration)).safetensors"
      let process = try MultiboxProcess(arguments(killed))
      let deadline = ContinuousClock.now + .seconds(60)
      while process.isRunning, ContinuousClock.now < deadline, !FileManager.default.fileExists(atPath: checkpoint) {
        Thread.sleep(forTimeInterval: 0.001)
      }
      process.kill()
      let outcome = try process.wait()
      let lines = try NarrowExperiment.metrics(ofRun: killed)
      let isEvaluated = lines.contains { $0.contains("\"iteration\":\(iteration),") && $0.contains("\"metric\"") }
      if outcome.exitCode == nil, !isEvaluated { insideEvaluation.append(iteration) }
      if iteration > 2, insideEvaluation.contains(iteration - 2) {
        #expect(outcome.messages.contains("continuing from iteration \(iteration - 2)"), "\(outcome.messages)")
      }
    }
    #expect(insideEvaluation.count >= 3, "killed inside the evaluations after \(insideEvaluation)")

    try MultiboxProcess(arguments(killed)).wait().succeeded()
    #expect(try NarrowExperiment.metrics(ofRun: killed) == NarrowExperiment.metrics(ofRun: whole))
  }

  private func hasPartialFile(_ directory: String) throws -> Bool {
    guard FileManager.default.fileExists(atPath: directory) else { return false }
    return try FileManager.default.contentsOfDirectory(atPath: directory).contains { $0.hasSuffix(".partial") }
  }

  /// Returns when the process has started to write a checkpoint, has ended, or half a minute is over.
  private func waitForWriting(in directory: String, _ process: MultiboxProcess) {
    let deadline = ContinuousClock.now + .seconds(30)
    let mine = ".\(process.identifier).partial"
    while process.isRunning, ContinuousClock.now < deadline {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
      if names.contains(where: { $0.hasSuffix(mine) && $0.contains(".safetensors") }) { return }
      Thread.sleep(forTimeInterval: 0.001)
    }
  }
}
