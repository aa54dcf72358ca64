import ArgumentParser
import Configuration
import Files
import Foundation
import Inference
import Logging
import Tensors

/// `--set KEY=VALUE`, shared by the commands that read a configuration.
struct OverrideOptions: ParsableArguments {
  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Overrides a key of the configuration; may be repeated.", valueName: "key=value"))
  var overrides: [String] = []

  /// The override that sets `key` to exactly `text`, whatever characters it has; a JSON string is YAML too.
  static func override(_ key: String, text: String) throws -> String {
    "\(key)=\(try JSONText.line(text))"
  }
}

/// What describes the detector of a checkpoint.
struct DescriptionOptions: ParsableArguments {
  @Option(
    help: "A configuration to use instead of the checkpoint's own.", completion: .file(),
    transform: HomeDirectory.expand)
  var config: String?

  @OptionGroup var overrideOptions: OverrideOptions

  /// The configuration of a checkpoint's detector.
  func configuration(of checkpoint: Checkpoint) throws -> Configuration {
    let overrides = overrideOptions.overrides
    return try config.map { try Configuration(contentsOf: $0, overrides: overrides) }
      ?? checkpoint.detectorConfiguration(overrides: overrides)
  }
}

/// Where the weights come from and what describes them.
struct DetectorOptions: ParsableArguments {
  @Argument(
    help: "A checkpoint of a run, or a state_dict of torchvision, as safetensors or .pth.",
    completion: .file(), transform: HomeDirectory.expand)
  var checkpoint: String

  @OptionGroup var description: DescriptionOptions

  /// Opens the checkpoint and finds its configuration.
  func open() throws -> (Checkpoint, Configuration) {
    let checkpoint = try Checkpoint(at: checkpoint, logger: Logger(label: "multibox"))
    return (checkpoint, try description.configuration(of: checkpoint))
  }

  /// Opens the checkpoint as a detector for `batch` images at a time, at most the configured micro-batch.
  func detector(batch: Int = .max) throws -> (Detector, Configuration) {
    let (checkpoint, configuration) = try open()
    let detector = try Detector(
      checkpoint, Experiment(configuration), batch: min(batch, configuration.training.microBatch),
      pool: ThreadPool(threadCount: configuration.computeThreads), kernels: configuration.kernels(.ofProcess))
    return (detector, configuration)
  }
}

extension ParsableCommand {
  /// Messages for people, on standard error.
  var logger: Logger { Logger(label: "multibox") }
}
