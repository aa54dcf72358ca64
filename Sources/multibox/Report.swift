import ArgumentParser
import Configuration
import Datasets
import Files
import Foundation
import Inference
import Reporting
import Training

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows a run on one page: curves, classes, errors, pictures.",
    discussion: """
      Evaluates the newest checkpoint of a run and writes a page that needs nothing but a browser. Training writes the same page into the \
      run directory.

      Examples:
        multibox report runs/voc
        multibox report runs/voc --best --output best.html
      """)

  @Argument(
    help: ArgumentHelp("A run directory.", valueName: "run"), completion: .directory,
    transform: HomeDirectory.expand)
  var directory: String

  @Option(
    help: "The page; report.html of the run directory by default.", completion: .file(), transform: HomeDirectory.expand
  )
  var output: String?

  @Flag(help: "Evaluates the best checkpoint of the run instead of the newest.")
  var best = false

  @OptionGroup var overrideOptions: OverrideOptions

  func run() throws {
    let path = output ?? directory + "/report.html"
    try runJob { job in
      var source: Checkpoint?
      let configuration = try job.configuration {
        try AtomicFile.requireWritable(path)
        let checkpoint =
          try best
          ? Checkpoint(contentsOf: directory + "/checkpoints/best.safetensors")
          : Checkpoint(at: directory, logger: job.logger)
        source = checkpoint
        return try checkpoint.detectorConfiguration(overrides: overrideOptions.overrides)
      }
      try job.watch(seconds: configuration.communication.stallSeconds)
      let evaluated = try configuration.data.evaluationSplit.map {
        try job.evaluate(source, configuration, split: $0, metric: configuration.evaluation.metric)
      }
      guard job.communicator.isRoot else { return .finished }
      let iteration = source?.metadata?.iteration ?? 0
      let subject = ReportSubject(
        directory: directory, configuration: configuration, metrics: try RunMetrics(ofRun: directory),
        evaluation: evaluated.map { (iteration, $0) },
        training: Result {
          try job.ownDataset(configuration, split: configuration.data.trainSplit, faults: configuration.trainingFaults)
        },
        machine: MachineFacts.here + [("ranks", job.placement.description)])
      try ReportPage(subject).write(to: path)
      job.logger.info("\(path): the report of \(directory)")
      return .finished
    }
  }
}
