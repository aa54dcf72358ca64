import Configuration
import Foundation
import Kernels
import MessagePassing
import Synthetic
import TestSupport
import Testing
import Training

/// A temporary directory with a synthetic data set and runs of the ``NarrowExperiment`` on it.
struct NarrowRuns {
  /// What a run leaves: the newest checkpoint and the metrics, without times.
  struct State: Equatable {
    let iteration: Int
    let parametersSHA256: String
    let metrics: [String]

    /// All but how many ranks there were.
    var ofAnyRanks: State {
      State(
        iteration: iteration, parametersSHA256: parametersSHA256,
        metrics: metrics.map { $0.replacing(#/,"world_size":\d+/#, with: "") })
    }
  }

  let directory: TemporaryDirectory
  let messages = MessageRecorder()
  var data: String { directory.path + "/data" }

  init() throws {
    directory = try TemporaryDirectory()
    try SyntheticDataset(images: NarrowExperiment.images, seed: 1).write(to: data)
  }

  /// Where a run writes.
  func path(_ name: String) -> String { "\(directory.path)/\(name)" }

  /// The experiment, changed by `KEY=VALUE`.
  func configuration(_ name: String, _ overrides: [String] = []) throws -> Configuration {
    try Configuration(
      yaml: NarrowExperiment.yaml(data: data, output: path(name)), name: "narrow.yaml", overrides: overrides)
  }

  func trainer(_ name: String, _ overrides: [String] = [], resume: ResumePolicy = .auto) throws -> Trainer {
    try Trainer(
      configuration(name, overrides), resume: resume,
      job: Job(SingleProcessCommunicator(), logger: messages.logger), kernels: Kernels.available.last!)
  }

  /// Trains to iteration `stop`, or to the end, and returns what the run directory then holds.
  @discardableResult
  func train(
    _ name: String, _ overrides: [String] = [], resume: ResumePolicy = .auto, until stop: Int? = nil
  ) throws -> State {
    try trainer(name, overrides, resume: resume).run(until: stop)
    return try state(name)
  }

  /// Opens the newest checkpoint, which verifies it.
  func state(_ name: String) throws -> State {
    let store = try CheckpointStore(runDirectory: path(name), keep: 1, logger: messages.logger)
    let metadata = try #require(try store.directory.newestValid()?.metadata)
    return State(
      iteration: metadata.iteration, parametersSHA256: metadata.parametersSHA256,
      metrics: try NarrowExperiment.metrics(ofRun: path(name)))
  }

  /// The names of the checkpoints of a run.
  func checkpoints(_ name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(name) + "/checkpoints").sorted()
  }

  /// The training losses of a run.
  func losses(_ name: String) throws -> [Double] {
    struct Line: Decodable { let loss: Double? }
    return try String(contentsOfFile: path(name) + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").compactMap
    {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8)).loss
    }
  }
}
