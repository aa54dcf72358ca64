import Configuration
import Evaluation
import Inference
import Tensors
import Training

extension Job {
  /// Runs a detector over this rank's share of a split; the result is complete at rank 0. Collective.
  ///
  /// - Parameter checkpoint: at rank 0.
  /// - Throws: what reading weights and data throws.
  func evaluate(
    _ checkpoint: Checkpoint?, _ configuration: Configuration, split: SplitChoice, metric: EvaluationMetric
  ) throws -> EvaluatedSplit {
    let experiment = Experiment(configuration)
    let weights = VariableArena(experiment.model.layout)
    board.enter("reading or receiving weights", waitsForOthers: checkpoint == nil)
    try checkpoint?.fill(
      weights, classNames: experiment.classNames, naming: experiment.model.tensorNaming)
    try broadcast(weights, from: 0)
    let threads = computeThreads(configuration)
    let detector = Detector(
      experiment, weights: weights, batch: configuration.training.microBatch,
      pool: ThreadPool(threadCount: threads), kernels: try configuration.kernels(kernels))
    let dataset = try dataset(configuration, split: split, faults: configuration.evaluationFaults)
    if communicator.isRoot {
      for warning in dataset.evaluationWarnings(metric, difficult: configuration.data.difficult) {
        logger.warning("\(warning)")
      }
    }
    var line = CountLine("evaluated")
    let evaluation = try SplitEvaluation(
      detector, on: dataset, difficult: configuration.data.difficult,
      damaged: configuration.evaluation.damagedImages,
      loaderThreads: configuration.loaderThreads(computeThreads: threads), communicator: communicator, board: board
    ) { [communicator] done, all in
      if communicator.isRoot { line.update(done, of: all) }
    }
    line.finish()
    for error in evaluation.damagedImages { logger.warning("\(error); left out of the evaluation") }
    return EvaluatedSplit(dataset: dataset, report: try EvaluationReport(evaluation, metric: metric))
  }
}
