import ArgumentParser
import Evaluation
import Foundation
import Training

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores a detector on a split.",
    discussion: """
      Prints average precision by class and its mean (mAP), and writes evaluation.json and detections.json (COCO results format).

      Examples:
        multibox evaluate runs/voc/checkpoints/iteration-0120000.safetensors
        multibox evaluate weights.safetensors --config configs/ssd300-vgg16-voc.yaml --set data.root=VOC2007 --metric voc12
      """)

  @OptionGroup var detectorOptions: DetectorOptions

  @Option(help: "The split; overrides the configuration's evaluation_split.")
  var split: String?

  @Option(help: "voc07 (11 points) or voc12 (area); overrides the configuration's.")
  var metric: VOCMetric?

  @Option(help: "Where the two files go; the checkpoint's directory by default.")
  var output: String?

  func run() throws {
    let (detector, configuration) = try detectorOptions.detector()
    let dataset = try configuration.dataset(split: split ?? configuration.data.evaluationSplit)
    for warning in dataset.warnings { logger.warning("\(warning)") }
    let evaluation = try SplitEvaluation(
      detector, on: dataset, difficult: configuration.data.difficult, loaderThreads: configuration.loaderThreads)
    let report = EvaluationReport(evaluation, try evaluation.score(metric ?? configuration.evaluation.metric))
    print(report.table)
    try report.write(to: output ?? URL(fileURLWithPath: detectorOptions.checkpoint).deletingLastPathComponent().path)
  }
}

extension VOCMetric: ExpressibleByArgument {}
