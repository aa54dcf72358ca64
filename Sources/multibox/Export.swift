import ArgumentParser
import Files
import Foundation
import Inference
import MessagePassing

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the weights of a checkpoint without what only training needs.",
    discussion: """
      The file is half as large, and evaluate and detect do the same with it: it has the configuration and the names of the \
      classes. Training can start from it by model.weights; a run cannot be continued from it.

      Example:
        multibox export runs/voc/checkpoints/iteration-0120000.safetensors detector.safetensors
      """)

  @Argument(
    help: "A checkpoint of a run, or its run directory for the newest.", completion: .file(),
    transform: HomeDirectory.expand)
  var checkpoint: String

  @Argument(help: "The file to write, FILE.safetensors.", completion: .file(), transform: HomeDirectory.expand)
  var file: String

  func validate() throws {
    let format = URL(fileURLWithPath: file).pathExtension
    guard format != "safetensors" else { return }
    let planned = ["pth", "pt", "onnx"]
    let reason =
      planned.contains(format) ? ".\(format) is not supported in this version" : "the format goes by the name"
    throw ValidationError("\(file): \(reason); expected FILE.safetensors")
  }

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("export")
    let source = try Checkpoint(at: checkpoint, logger: logger)
    if AtomicFile.isSame(file, source.file.path) {
      throw ValidationError("\(file) is the checkpoint itself; give another name")
    }
    try source.export(to: file)
    logger.info("\(file): the weights of \(source.file.path)")
  }
}
