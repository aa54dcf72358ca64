import ArgumentParser
import Configuration
import Evaluation
import Files
import Foundation
import Inference
import Training

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores a detector on a split.",
    discussion: """
      Prints average precision by class and its mean (mAP), and writes evaluation.json, detections.json (COCO results format)
      and precision-recall.png.

      Examples:
        multibox evaluate runs/voc/checkpoints/iteration-0120000.safetensors
        multibox evaluate weights.safetensors --config configs/ssd300-vgg16-voc.yaml --set data.root=VOC2007 --metric voc12
      """)

  @OptionGroup var detectorOptions: DetectorOptions

  @Option(help: "The split; overrides the configuration's evaluation_split.", transform: HomeDirectory.expand)
  var split: String?

  @Option(help: "voc07 (11 points), voc12 (area) or coco; overrides the configuration's.")
  var metric: EvaluationMetric?

  @Option(
    help: "Where the files go; the checkpoint's directory by default.", completion: .file(),
    transform: HomeDirectory.expand)
  var output: String?

  func run() throws {
    try runJob { job in
      var source: Checkpoint?
      let configuration = try job.configuration {
        let (checkpoint, configuration) = try detectorOptions.open()
        if split == nil { _ = try configuration.requireEvaluationSplit(orBy: "--split") }
        source = checkpoint
        return configuration
      }
      try job.watch(seconds: configuration.communication.stallSeconds)
      let report = try job.evaluate(
        source, configuration,
        split: try split.map { .same($0) } ?? configuration.requireEvaluationSplit(orBy: "--split"),
        metric: metric ?? configuration.evaluation.metric
      ).report
      guard job.communicator.isRoot else { return .finished }
      print(report.sheet.table)
      let path = source?.file.path ?? detectorOptions.checkpoint
      try report.write(to: output ?? URL(fileURLWithPath: path).deletingLastPathComponent().path)
      return .finished
    }
  }
}

extension EvaluationMetric: ExpressibleByArgument {}
