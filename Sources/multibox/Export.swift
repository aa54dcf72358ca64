import ArgumentParser
import Files
import Inference
import MessagePassing
import ModelFiles

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the weights of a checkpoint without what only training needs.",
    discussion: """
      The file is half as large, and evaluate and detect do the same with it: it has the configuration and the names of the \
      classes. Training can start from it by model.weights; a run cannot be continued from it. FILE.pth is a state_dict for torch.load(FILE, \
      weights_only=True) with the same names. FILE.onnx is the whole detector, from images to boxes, for runtimes of ONNX; it \
      can be made of published weights too.

      Examples:
        multibox export runs/voc/checkpoints/iteration-0120000.safetensors detector.safetensors
        multibox export runs/voc detector.onnx --set evaluation.score_threshold=0.3
      """)

  @Argument(
    help: "A checkpoint of a run, or its run directory for the newest.", completion: .file(),
    transform: HomeDirectory.expand)
  var checkpoint: String

  @Argument(
    help: "The file to write: FILE.safetensors, FILE.pth, FILE.pt or FILE.onnx.", completion: .file(),
    transform: HomeDirectory.expand)
  var file: String

  @OptionGroup(title: "Options of FILE.onnx") var onnx: ONNXOptions

  func validate() throws { try onnx.validate(output: file) }

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("export")
    let source = try Checkpoint(at: checkpoint, logger: logger)
    if AtomicFile.isSame(file, source.file.path) {
      throw ValidationError("\(file) is the checkpoint itself; give another name")
    }
    if ONNXOptions.isFormat(of: file) { return try onnx.write(source, to: file) }
    guard source.metadata != nil else {
      throw ValidationError(
        "\(source.file.path) holds weights only, without the configuration of a run: there is nothing to export; multibox convert writes them in another format"
      )
    }
    try source.export(to: file, as: WeightFormat(ofOutput: file))
    logger.info("\(file): the weights of \(source.file.path)")
  }
}
