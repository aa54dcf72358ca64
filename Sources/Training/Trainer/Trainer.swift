import Datasets
import Evaluation
import Layers
import Logging
import Models
import Tensors

/// A training run: data, step, schedule, checkpoints and evaluations of one configuration.
///
/// Iteration i of a run is a pure function of the weights and momentum after i − 1 iterations and of the configuration, so a
/// resumed run continues with the bits of the uninterrupted one.
public final class Trainer {
  /// Iterations of images in memory: the one in use and one that is prepared meanwhile.
  static let loaderCapacity = 2

  private let configuration: Configuration
  private let logger: Logger
  private let pool: ThreadPool
  private let kernels: Kernels
  private let step: TrainingStep
  private let training: Dataset
  private let evaluation: Dataset?
  private let store: CheckpointStore
  private let metrics: MetricsLog
  private let loader: Loader
  private var iteration: Int

  /// Prepares a run: reads the annotations, maps all memory, fills the weights.
  ///
  /// - Throws: `ConfigurationError`, `DatasetError` or ``CheckpointError``; nothing has been trained then, and the run directory is
  ///   as it was but for being there.
  public init(_ configuration: Configuration, resume: ResumePolicy, kernels: Kernels, logger: Logger) throws {
    self.configuration = configuration
    self.logger = logger
    self.kernels = kernels
    let recipe = configuration.training
    let threads = configuration.computeThreads
    let model = configuration.ssd
    let evaluates = configuration.evaluation.every <= recipe.iterations

    training = try configuration.dataset(split: configuration.data.trainSplit)
    evaluation = evaluates ? try configuration.dataset(split: configuration.data.evaluationSplit) : nil
    guard !training.images.isEmpty else {
      throw DatasetError(file: configuration.data.trainSplit, reason: "the training split has no image")
    }
    let warnings = training.trainingWarnings(difficult: configuration.data.difficult) + (evaluation?.warnings ?? [])
    for warning in warnings { logger.warning("\(warning)") }
    logger.info("\(training.images.count) training images, \(training.classNames.count) classes")

    let budget = MemoryBudget(configuration, model: model, threads: threads, evaluates: evaluates)
    logger.info("memory: \(budget)")
    logger.info("\(threads) threads, \(kernels.instructionSet) kernels")
    pool = ThreadPool(threadCount: threads)
    step = TrainingStep(
      model, matcher: configuration.matcher(for: model), optimizer: configuration.optimizer,
      microBatch: recipe.microBatch,
      microBatches: recipe.globalBatch / recipe.microBatch, pool: pool, kernels: kernels)

    store = try CheckpointStore(runDirectory: configuration.output, keep: configuration.checkpoint.keep, logger: logger)
    iteration = try step.start(configuration, from: store.checkpoint(toResume: resume), logger: logger)
    try AtomicFile.replace(configuration.output + "/config.yaml", with: configuration.resolvedYAML)
    metrics = try MetricsLog(configuration.output + "/metrics.jsonl", resumingAfter: iteration, logger: logger)
    loader = Loader(
      dataset: training,
      schedule: SampleSchedule(seed: recipe.seed, count: training.images.count, globalBatch: recipe.globalBatch),
      augmentation: configuration.data.augmentation, difficult: configuration.data.difficult,
      input: configuration.networkInput, microBatch: recipe.microBatch,
      microBatches: 0..<recipe.globalBatch / recipe.microBatch, threads: configuration.loaderThreads,
      capacity: Self.loaderCapacity, firstIteration: iteration)
  }

  /// Trains until iteration `stop`, or to the end, and leaves a checkpoint there.
  ///
  /// - Throws: `DatasetError` for an image that cannot be read, ``CheckpointError`` for a file that cannot be written,
  ///   ``NonFiniteLossError``. The newest checkpoint stays valid.
  public func run(until stop: Int? = nil) throws {
    defer { loader.stop() }
    let last = min(stop ?? configuration.training.iterations, configuration.training.iterations)
    if iteration >= last { logger.info("iteration \(iteration) is reached already: nothing to train") }
    var progress = ProgressLine(from: iteration, to: last)
    while iteration < last {
      let record = try trainIteration()
      try metrics.append(record)
      progress.update(record)
      if let evaluation, iteration.isMultiple(of: configuration.evaluation.every) { try evaluate(on: evaluation) }
      if iteration.isMultiple(of: configuration.checkpoint.every) || iteration == last { try saveCheckpoint() }
    }
    progress.finish()
    try LossPlot(metrics: metrics.path).write(to: configuration.output + "/loss.png")
  }

  /// One iteration: images in, weights moved.
  private func trainIteration() throws -> TrainingRecord {
    var seconds = PhaseSeconds()
    let microBatches = try seconds.measure(\.data) { try loader.nextIteration() }
    let learningRate = configuration.training.schedule.rate(afterIterations: iteration)
    let result = step.computeGradients(microBatches)
    guard result.loss.isFinite else {
      throw NonFiniteLossError(iteration: iteration + 1, result: result, images: microBatches.flatMap(\.identifiers))
    }
    step.update(learningRate: learningRate)
    iteration += 1
    return TrainingRecord(
      iteration: iteration, images: configuration.training.globalBatch, epochImages: training.images.count,
      result: result, learningRate: learningRate, seconds: seconds + step.seconds, worldSize: 1)
  }

  private func saveCheckpoint() throws {
    try store.save(
      iteration: iteration, configuration: configuration, weights: step.weights, momentum: step.momentum)
  }

  private func evaluate(on dataset: Dataset) throws {
    let detector = Detector(
      configuration, weights: step.weights, batch: configuration.training.microBatch, pool: pool, kernels: kernels)
    let evaluation = try SplitEvaluation(
      detector, on: dataset, difficult: configuration.data.difficult, loaderThreads: configuration.loaderThreads)
    let report = EvaluationReport(evaluation, try evaluation.score(configuration.evaluation.metric))
    try metrics.append(EvaluationRecord(iteration: iteration, report))
    logger.info("iteration \(iteration): mAP (\(report.result.metric.rawValue)) \(report.meanAveragePrecisionText)")
  }
}

/// The loss became infinite or not a number; the weights are those of the iteration before.
public struct NonFiniteLossError: Error, CustomStringConvertible {
  let iteration: Int
  let result: TrainingStep.Result
  let images: [String]

  /// Names the iteration, the parts of the loss and the images.
  public var description: String {
    """
    iteration \(iteration): the loss is not finite (confidence \(result.sums.confidence), location \(result.sums.location), \
    \(result.positives) positives) on the images \(images.joined(separator: ", ")); try a lower learning rate or a longer \
    warm-up
    """
  }
}
