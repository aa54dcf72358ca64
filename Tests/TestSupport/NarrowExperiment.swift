import Foundation

/// An experiment so small that an iteration takes a fraction of a second: SSD300 with a sixteenth of the channels, which
/// leaves four in the first layer, on a synthetic data set.
package enum NarrowExperiment {
  /// Images of the data set: ten are in `trainval`, two in `test`, so that iterations of four end inside an epoch.
  package static let images = 12

  /// The configuration, with data set and run directory as given.
  package static func yaml(data: String, output: String) -> String {
    """
    version: 1
    model: {width_multiplier: 0.0625}
    data:
      root: \(data)
      train_split: trainval
      evaluation_split: test
      classes: [circle, square, triangle, star, cross, ring]
      augmentation: ssd
      loader_threads: 1
    training:
      global_batch: 4
      micro_batch: 2
      iterations: 7
      learning_rate: 0.001
      schedule: {milestones: [5], factor: 0.1, warmup_iterations: 2, warmup_factor: 0.5}
      threads: 1
    evaluation: {every: null}
    checkpoint: {every: 1000, keep: 3}
    output: \(output)
    """
  }

  /// The lines of a run's `metrics.jsonl`, without what a clock measured.
  package static func metrics(ofRun directory: String) throws -> [String] {
    try String(contentsOfFile: directory + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map {
      String($0.replacing(#/,"(images_per_second|seconds|slowest_rank)":(\{[^}]*\}|[^,}]*)/#, with: ""))
    }
  }
}
