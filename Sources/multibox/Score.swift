import ArgumentParser
import Datasets
import Detection
import Evaluation
import Files
import Foundation
import Inference
import MessagePassing

struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores detections from a file, without a detector.",
    discussion: """
      Prints average precision by class and the metric's means. coco gives the numbers of pycocotools, bit for bit.

      Ground truth is a JSON file in COCO's format, or a directory in the layout of Pascal VOC or with YOLO labels; detections
      are a JSON file in COCO's results format, whoever made it.

      Examples:
        multibox score --ground-truth instances_val2017.json --detections detections.json --metric coco
        multibox score --ground-truth VOC2007 --split test --detections detections.json --metric voc07 --json score.json
        multibox score --ground-truth coco8/data.yaml --split val --detections detections.json --metric coco
      """)

  @Option(
    help: "COCO annotations as JSON, a Pascal VOC directory, or a directory of YOLO data or its data.yaml.",
    completion: .file(), transform: HomeDirectory.expand)
  var groundTruth: String

  @Option(help: "The split of a directory; by default test for Pascal VOC, val for YOLO.")
  var split: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Names of the classes of a directory, in the order of category_id from 1; the challenge's 20 by default, of YOLO those of data.yaml.",
      valueName: "names"))
  var classes: [String] = []

  @Option(
    help: "What images of a Pascal VOC directory without annotation are: an error (stop, the default), or background.")
  var unannotatedImages: UnannotatedImagePolicy?

  @Option(help: "Detections in COCO's results format.", completion: .file(), transform: HomeDirectory.expand)
  var detections: String

  @Option(help: "voc07 (11 points), voc12 (area) or coco.")
  var metric: EvaluationMetric

  @Option(
    help: """
      What boxes in JSON files mean to voc07 and voc12: continuous edges from 0 (the default), or inclusive numbers of pixels \
      from 1.
      """)
  var pixels: PixelConvention?

  @Option(
    help: "Writes the scores to this file; - is standard output, instead of the table.", completion: .file(),
    transform: HomeDirectory.expand
  )
  var json: String?

  /// A directory is in the layout of Pascal VOC, or has YOLO labels.
  private var isDirectory: Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: groundTruth, isDirectory: &isDirectory) && isDirectory.boolValue
  }

  func validate() throws {
    if metric == .coco, pixels == .inclusive {
      throw ValidationError("--pixels inclusive is for voc07 and voc12; coco has continuous boxes")
    }
  }

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("score")
    let output = try json.map(JSONOutput.init)
    let scoring = try FileScoring(
      groundTruth: try source(), detections: detections, metric: metric, pixels: pixels ?? .continuous)
    for warning in scoring.warnings { logger.warning("\(warning)") }
    let sheet = try scoring.score()
    if json != "-" { print(sheet.table) }
    try output?.write(sheet)
  }

  private func source() throws -> FileScoring.GroundTruth {
    if YOLOLayout.isRoot(groundTruth) {
      if unannotatedImages != nil {
        throw ValidationError("--unannotated-images is for a Pascal VOC directory; of YOLO they are background")
      }
      return .yolo(root: groundTruth, split: split ?? "val", classes: classes.isEmpty ? nil : classes)
    }
    if isDirectory {
      return .pascalVOC(
        root: groundTruth, split: split ?? "test", classes: classes.isEmpty ? nil : classes,
        unannotated: unannotatedImages ?? .stop)
    }
    let options = [
      ("--split", split != nil), ("--classes", !classes.isEmpty), ("--unannotated-images", unannotatedImages != nil),
    ]
    for (option, isGiven) in options where isGiven {
      throw ValidationError("\(option) is for a directory of Pascal VOC or YOLO, which \(groundTruth) is not")
    }
    return .coco(file: groundTruth)
  }
}

extension PixelConvention: ExpressibleByArgument {}
extension UnannotatedImagePolicy: ExpressibleByArgument {}
