import Configuration
import Files
import Inference
import Logging
import ModelFiles
import Tensors
import Training

/// What training would start from: the newest checkpoint of the run directory, or a weights file, or random numbers. Only rank 0
/// reads it.
enum StartingPoint {
  /// Reads it as training does, into weights of its own, and judges.
  static func finding(_ experiment: Experiment, resume: ResumePolicy, logger: Logger) -> Finding {
    let (configuration, layout) = (experiment.configuration, experiment.model.layout)
    do throws(FileError) {
      if let finding = try checkpointFinding(configuration, resume, layout, logger) { return finding }
    } catch {
      return .error("start", .disk, error.description, remedy: "train with --resume never, or --output DIR")
    }
    do throws(FileError) {
      return try weightsFinding(configuration, VariableArena(layout))
    } catch {
      return .error(
        "start", .disk, error.description, remedy: "--set model.weights=FILE, a safetensors or .pth file of this model")
    }
  }

  /// Nil when there is no checkpoint to continue from.
  private static func checkpointFinding(
    _ configuration: Configuration, _ resume: ResumePolicy, _ layout: VariableLayout, _ logger: Logger
  ) throws(FileError) -> Finding? {
    let checkpoint: Checkpoint?
    switch resume {
    case .never: checkpoint = nil
    case .path(let path): checkpoint = try Checkpoint(contentsOf: path)
    case .auto:
      let directory = CheckpointDirectory(ofRun: configuration.output, logger: logger)
      checkpoint = directory.exists ? try directory.newestValid() : nil
    }
    guard let checkpoint else { return nil }
    try checkpoint.restore(TrainingState(layout, keepsAverage: configuration.training.averageDecay != nil))
    guard let metadata = checkpoint.metadata else { return nil }
    let message = "\(checkpoint.file.path): training continues after iteration \(metadata.iteration)"
    let differences = configuration.differences(from: metadata.configurationYAML)
    guard !differences.isEmpty else { return .ok("start", message) }
    return .warning(
      "start", "\(message), though the run was configured otherwise: \(differences.joined(separator: "; "))",
      remedy: "train with --resume never, or --output DIR, for a run of its own")
  }

  private static func weightsFinding(
    _ configuration: Configuration, _ weights: VariableArena
  ) throws(FileError) -> Finding {
    guard let path = configuration.model.weights else {
      return .ok(
        "start", "random numbers (\(configuration.model.initialization.rawValue)); no weights file is configured")
    }
    let loading = try WeightLoading(
      from: try TensorFiles.open(path), into: weights, classNames: configuration.data.classNames,
      naming: Experiment(configuration).model.tensorNaming)
    let rest = loading.missing + loading.mismatched.map(\.name)
    let others = rest.first.map { ", \(rest.count) from random numbers (\($0)\(rest.count > 1 ? ", …" : ""))" } ?? ""
    return .ok(
      "start", "\(path): \(loading.taken.count) of \(weights.layout.variables.count) tensors of the model\(others)")
  }
}
