import Foundation
import Synthetic
import TestSupport

/// A temporary directory with a synthetic data set and the ``NarrowExperiment`` as a configuration file.
struct Workspace {
  let directory: TemporaryDirectory
  var path: String { directory.path }
  var data: String { path + "/data" }
  var config: String { path + "/narrow.yaml" }
  var run: String { path + "/run" }

  init() throws {
    directory = try TemporaryDirectory()
    try SyntheticDataset(images: NarrowExperiment.images, seed: 1).write(to: data)
    try write(NarrowExperiment.yaml(data: data, output: run), to: config)
  }

  /// Writes a text file.
  func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// Cuts a file to the given share of its bytes.
  func cut(_ path: String, to share: Double) throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try bytes.prefix(Int(Double(bytes.count) * share)).write(to: URL(fileURLWithPath: path))
  }

  func checkpoint(_ iteration: Int) -> String {
    run + "/checkpoints/iteration-" + String(format: "%07d", iteration) + ".safetensors"
  }

  /// Trains the narrow experiment with `--set` for each override.
  func train(
    _ overrides: String..., stopAt: Int? = nil, environment: [String: String] = [:], shellPrefix: String? = nil
  ) throws -> MultiboxProcess.Outcome {
    let stop = stopAt.map { ["--stop-at", "\($0)"] } ?? []
    return try MultiboxProcess(
      ["train", config] + overrides.flatMap { ["--set", $0] } + stop, environment: environment,
      shellPrefix: shellPrefix
    ).wait()
  }
}
