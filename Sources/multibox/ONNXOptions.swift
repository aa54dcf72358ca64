import ArgumentParser
import Configuration
import Files
import Foundation
import Inference
import Logging
import ModelFiles
import Reporting

/// What a detector is like that is written as ONNX.
struct ONNXOptions: ParsableArguments {
  /// Elements of images.
  enum Pixels: String, CaseIterable, ExpressibleByArgument {
    case float32, uint8
  }

  @OptionGroup var description: DescriptionOptions

  @Option(
    help: ArgumentHelp(
      "The version of ONNX's operators, \(ONNXModel.operatorSets.lowerBound) to \(ONNXModel.operatorSets.upperBound); 17 when left out.",
      valueName: "version"))
  var opset: Int?

  @Option(help: "What pixels are, 0 to 255 in both: float32, as when left out, or uint8.")
  var pixels: Pixels?

  @Flag(help: "Images may have any size; the file resizes them as detect does.")
  var resize = false

  @Flag(help: "All boxes and the scores of all classes come out, without suppression.")
  var raw = false

  /// Whether a file's name is one of ONNX.
  static func isFormat(of path: String) -> Bool { URL(fileURLWithPath: path).pathExtension.lowercased() == "onnx" }

  /// Refuses options that would not matter.
  ///
  /// - Throws: `ValidationError` naming one, or a format that is not known.
  func validate(output: String) throws {
    if let opset, !ONNXModel.operatorSets.contains(opset) {
      let (first, last) = (ONNXModel.operatorSets.lowerBound, ONNXModel.operatorSets.upperBound)
      throw ValidationError("--opset must be \(first) to \(last), not \(opset)")
    }
    guard !Self.isFormat(of: output) else { return }
    _ = try WeightFormat(ofOutput: output)
    if let option = given { throw ValidationError("\(option) is for FILE.onnx; \(output) has the weights alone") }
  }

  /// The first option that was given.
  var given: String? {
    let given = [
      (description.config != nil, "--config"), (!description.overrideOptions.overrides.isEmpty, "--set"),
      (opset != nil, "--opset"),
      (pixels != nil, "--pixels"), (resize, "--resize"), (raw, "--raw"),
    ]
    return given.first(where: \.0)?.1
  }

  /// Writes the detector of a checkpoint.
  func write(_ checkpoint: Checkpoint, to path: String) throws {
    try AtomicFile.requireWritable(path)
    let configuration = try description.configuration(of: checkpoint)
    var options = ONNXExport.Options()
    options.operatorSet = opset ?? options.operatorSet
    options.takesBytes = pixels == .uint8
    options.resizes = resize
    options.isRaw = raw
    let export = try ONNXExport(checkpoint, Experiment(configuration), options)
    try export.write(to: path, build: .program, facts: facts(of: checkpoint))
    Logger(label: "multibox").info("\(path): \(configuration.model.architecture.name) of \(checkpoint.file.path)")
  }

  /// From which iteration the weights are, and how good they were found, when the run's directory says.
  private func facts(of checkpoint: Checkpoint) -> [(key: String, value: String)] {
    guard let metadata = checkpoint.metadata else { return [] }
    let iteration = [(key: "iteration", value: "\(metadata.iteration)")]
    guard let evaluation = RunMetrics(besideCheckpoint: checkpoint.file.path)?.evaluation(at: metadata.iteration),
      let mAP = evaluation.mAP
    else { return iteration }
    return iteration + [
      ("mAP", "\(mAP)"), ("mAP_metric", evaluation.metric), ("mAP_images", "\(evaluation.images)"),
    ] + (evaluation.split.map { [("mAP_split", $0)] } ?? [])
  }
}
