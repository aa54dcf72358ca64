import ArgumentParser
import Files
import Foundation
import Inference
import MessagePassing
import ModelFiles

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts weights of PyTorch, Caffe or safetensors files to PyTorch, safetensors or ONNX, and data sets.",
    discussion: """
      With --to the input is a data set: a directory in the layout of Pascal VOC, COCO or YOLO, a JSON file of COCO, or a data.yaml. All its \
      splits, or those that are named, go into a new directory in the layout of voc, coco or yolo. Images become other names of the same \
      files where the file system allows it, else copies. Standard output has a configuration to begin with.

      Otherwise the input is read by its content: safetensors, what torch.save writes, in the zip form or the older one, or a .caffemodel. Nothing in it \
      is executed. The output goes by its name: .safetensors, or .pth or .pt for torch.load(FILE, weights_only=True). Floating-point \
      numbers become float32, integers stay as they are. A line for every tensor tells what became of it. FILE.onnx is a whole \
      detector, as `multibox export` writes it.

      Examples:
        multibox convert ssd300_vgg16_coco.pth ssd300.safetensors
        multibox convert detector.safetensors detector.pth
        multibox convert VOC2007 voc2007-yolo --to yolo
        multibox convert coco/annotations/instances_val2017.json coco-voc --to voc --classes person car
      """)

  @Argument(help: "A file of weights, or a data set.", completion: .file(), transform: HomeDirectory.expand)
  var input: String

  @Argument(
    help: "The file to write: FILE.safetensors, FILE.pth, FILE.pt or FILE.onnx; with --to a directory.",
    completion: .file(),
    transform: HomeDirectory.expand)
  var output: String

  @OptionGroup(title: "Options of FILE.onnx") var onnx: ONNXOptions

  @OptionGroup(title: "Options of data sets") var data: DataConversionOptions

  func validate() throws {
    if data.isWanted { return try data.validate(onnx: onnx) }
    try data.requireNone()
    try onnx.validate(output: output)
  }

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("convert")
    if data.isWanted { return try data.convert(input, to: output) }
    if AtomicFile.isSame(input, output) {
      throw ValidationError("\(output) is the file to convert; give another name")
    }
    if RunCheckpoints(directory: input) != nil {
      throw ValidationError(
        "\(input) is a directory: `multibox export \(input) \(output)` takes the newest checkpoint of a run, and --to is for data sets"
      )
    }
    try AtomicFile.requireWritable(output)
    if ONNXOptions.isFormat(of: output) { return try onnx.write(Checkpoint(contentsOf: input), to: output) }
    let format = try WeightFormat(ofOutput: output)
    let conversion = try WeightConversion(TensorFiles.open(input), as: format)
    try conversion.write(to: output, as: format)
    logger.info("\(input): \(conversion.origin)")
    for line in conversion.lines {
      let shape = line.shape.map { " \($0)" } ?? ""
      logger.info("\(line.isTaken ? "" : "left out: ")\(line.name)\(shape): \(line.outcome)")
    }
    let taken = conversion.lines.count { $0.isTaken }
    let others = conversion.lines.count - taken
    let rest = others > 0 ? ", \(Quantities.count(others, "entry", "entries")) left out" : ""
    logger.info("\(output): \(Quantities.count(taken, "tensor")) written\(rest)")
  }
}

extension WeightFormat {
  /// The format of the file to write.
  ///
  /// - Throws: `ValidationError` when its name has none.
  init(ofOutput path: String) throws {
    guard let format = WeightFormat(path: path) else {
      throw ValidationError(
        "\(path): the format goes by the name; expected FILE.safetensors, FILE.pth, FILE.pt or FILE.onnx")
    }
    self = format
  }
}
