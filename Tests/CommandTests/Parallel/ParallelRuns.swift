import Foundation
import Inference
import TestSupport
import Testing

/// Runs of a narrow SSD300 over eight micro-batches, by any number of ranks.
struct ParallelRuns {
  let workspace: Workspace

  init() throws {
    workspace = try Workspace()
  }

  /// The command line of a run into `name`.
  func arguments(_ name: String, _ overrides: [String] = []) -> [String] {
    let all = [
      "training.global_batch=8", "training.micro_batch=1", "training.iterations=6", "checkpoint.keep=2",
      "communication.bucket_megabytes=0.1",
    ]
    return ["train", workspace.config, "--output", path(name)] + (all + overrides).flatMap { ["--set", $0] }
  }

  func path(_ name: String) -> String { "\(workspace.path)/\(name)" }

  /// Trains to the end.
  @discardableResult
  func train(
    _ name: String, ranks: Int?, _ overrides: [String] = [], environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Checkpoint.Metadata {
    try MultiboxProcess(arguments(name, overrides), ranks: ranks, environment: environment).wait()
      .succeeded(sourceLocation: sourceLocation)
    return try newest(name)
  }

  /// The state of the newest checkpoint, which is verified.
  func newest(_ name: String) throws -> Checkpoint.Metadata {
    let latest = try String(contentsOfFile: path(name) + "/checkpoints/latest", encoding: .utf8)
    let file = latest.trimmingCharacters(in: .newlines)
    return try #require(try Checkpoint(contentsOf: "\(path(name))/checkpoints/\(file)").metadata)
  }

  /// The training losses of a run.
  func losses(_ name: String) throws -> [Double] {
    struct Line: Decodable { let loss: Double? }
    return try String(contentsOfFile: path(name) + "/metrics.jsonl", encoding: .utf8).split(separator: "\n")
      .compactMap { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).loss }
  }

  /// How far a run's `metrics.jsonl` has come.
  func reached(_ name: String) -> Int { (try? losses(name).count) ?? 0 }

  /// When a run has written its last iteration.
  func lastIteration(_ name: String) throws -> Date {
    let attributes = try FileManager.default.attributesOfItem(atPath: path(name) + "/metrics.jsonl")
    return try #require(attributes[.modificationDate] as? Date)
  }

  /// Returns when a run has done `iterations`, has ended, or a minute is over.
  func wait(for name: String, iterations: Int, _ process: MultiboxProcess) {
    let deadline = ContinuousClock.now + .seconds(60)
    while process.isRunning, reached(name) < iterations, ContinuousClock.now < deadline {
      Thread.sleep(forTimeInterval: 0.01)
    }
  }
}
