import Configuration
import Datasets
import Inference
import Logging

/// The evaluations of a run: when they are due, what became of the last one, and whether training should go on.
///
/// A checkpoint is on the disk before an evaluation begins, so that an evaluation that fails, or is killed, costs no training; a run that is
/// continued there makes it up.
final class RunEvaluation {
  private let experiment: Experiment
  private let dataset: Dataset
  private let split: String
  private let iterations: Int
  private let every: Int
  private let loaderThreads: Int
  private let job: Job
  /// Whether `evaluation.patience` is at its end.
  private(set) var endsRun = false
  /// How long the last evaluation took.
  private(set) var seconds = 0.0
  /// The files of damaged images that were named.
  private var reportedDamage: Set<String> = []

  /// Reads the evaluation split and tells its peculiarities. Nil when the configuration wants none.
  ///
  /// - Parameter iterations: optimizer steps of the whole run.
  /// - Throws: `DatasetError`, ``ConfigurationError`` when the split cannot be read or has no image.
  init?(_ experiment: Experiment, iterations: Int, threads: Int, job: Job) throws {
    let configuration = experiment.configuration
    guard let every = configuration.evaluation.every, let split = configuration.data.evaluationSplit else { return nil }
    self.experiment = experiment
    self.every = every
    self.split = split.description
    self.iterations = iterations
    self.job = job
    loaderThreads = configuration.loaderThreads(computeThreads: threads)
    dataset = try job.dataset(configuration, split: split, faults: configuration.evaluationFaults)
    if job.communicator.isRoot {
      let warnings = dataset.evaluationWarnings(
        configuration.evaluation.metric, difficult: configuration.data.difficult)
      for warning in warnings { job.logger.warning("\(warning)") }
    }
    try dataset.requireImages(of: "\(split)", to: "evaluate on")
  }

  /// Whether an evaluation follows the given iteration: every so many, and the last.
  func isDue(after iteration: Int) -> Bool {
    iteration > 0 && (iteration.isMultiple(of: every) || iteration == iterations)
  }

  /// Makes up for the evaluation that a run was about to make when it ended. Collective.
  ///
  /// - Parameter files: those of the run, at rank 0.
  func resume(after iteration: Int, _ step: TrainingStep, files: RunFiles?) throws {
    var state = (
      isMissing: isDue(after: iteration) && files?.hasEvaluation(of: iteration) == false, ends: isOver(files)
    )
    try job.communicator.broadcast(&state, from: 0)
    endsRun = state.ends
    guard state.isMissing else { return }
    try files?.adopt(iteration: iteration, state: step.state)
    try run(after: iteration, step, files: files)
  }

  /// Evaluates the detector as it is. Collective.
  func run(after iteration: Int, _ step: TrainingStep, files: RunFiles?) throws {
    let configuration = experiment.configuration
    try files?.finishWriting()
    let results = try SplitEvaluation(
      step.detector(experiment), on: dataset, difficult: configuration.data.difficult,
      damaged: configuration.evaluation.damagedImages, loaderThreads: loaderThreads, communicator: job.communicator,
      board: job.board)
    seconds = results.seconds
    for error in results.damagedImages where reportedDamage.insert(error.file).inserted {
      job.logger.warning("\(error); left out of the evaluation")
    }
    if let files {
      let report = try EvaluationReport(results, metric: configuration.evaluation.metric)
      let isBest = try files.append(
        EvaluationRecord(iteration: iteration, split: split, report), EvaluatedSplit(dataset: dataset, report: report))
      let sheet = report.sheet
      job.logger.info(
        "iteration \(iteration): mAP (\(sheet.result.metric.rawValue)) \(sheet.meanAveragePrecisionText)\(isBest ? ", the best so far" : "")"
      )
    }
    guard configuration.evaluation.patience != nil else { return }
    endsRun = isOver(files)
    try job.communicator.broadcast(&endsRun, from: 0)
    if endsRun, let best = files?.best {
      job.logger.info(
        "training ends: \(best.worseSince) evaluations in a row were no better than that after iteration \(best.iteration)"
      )
    }
  }

  private func isOver(_ files: RunFiles?) -> Bool {
    guard let patience = experiment.configuration.evaluation.patience, let files else { return false }
    return files.best.worseSince >= patience
  }
}
