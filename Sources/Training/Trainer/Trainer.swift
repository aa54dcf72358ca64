import Configuration
import Datasets
import Files
import Inference
import Kernels
import Loading
import Logging
import MessagePassing
import Tensors

/// A training run: data, step, schedule, checkpoints and evaluations of one configuration, by the ranks of a job.
///
/// Iteration i of a run is a pure function of the weights and momentum after i − 1 iterations and of the configuration, so a
/// resumed run continues with the bits of the uninterrupted one, on any legal number of ranks.
package final class Trainer {
  /// How a part of a run ended.
  package enum Outcome: Sendable, Equatable {
    /// All iterations that were asked for are done.
    case finished
    /// Somebody asked to stop, or the job's time is up; a checkpoint of this iteration is written.
    case interrupted(iteration: Int)

    /// What to say of a run that is to be continued; nothing of one that is finished.
    package var notice: String? {
      guard case .interrupted(let iteration) = self else { return nil }
      return iteration == 0
        ? "stopped after iteration 0, before there is a checkpoint: run the same command again to start"
        : "stopped after iteration \(iteration); its checkpoint is written: run the same command again to continue"
    }
  }

  private let configuration: Configuration
  private let job: Job
  private let logger: Logger
  private let threads: Int
  private let pool: ThreadPool
  private let kernels: Kernels
  private let step: TrainingStep
  private let training: Dataset
  private let iterations: Int
  private let evaluation: RunEvaluation?
  private let store: CheckpointStore?
  private let copies: MemoryCopies
  private let continuesCopy: Bool
  private let loader: Loader
  private let contract: ContractRecord
  private let schedule: LearningRateSchedule
  private var files: RunFiles?
  private var deadline: Deadline
  private var sentinel: LossSentinel
  private var iteration: Int
  /// See ``ContractRecord/busySeconds``.
  private var busySeconds = 0.0
  private var firstIteration: Int
  /// The files of damaged images that were named.
  private var reportedDamage: Set<String> = []

  /// Prepares a run: reads the annotations, maps all memory, fills the weights.
  ///
  /// - Throws: `ConfigurationError`, `DatasetError`, ``FileError`` or `MessagePassingError`; nothing has been trained then, and
  ///   the run directory is as it was but for being there.
  package init(_ configuration: Configuration, resume: ResumePolicy, job: Job, kernels: Kernels) throws {
    self.configuration = configuration
    self.job = job
    self.kernels = kernels
    logger = job.logger
    deadline = Deadline(job.deadline)
    let (recipe, communicator) = (configuration.training, job.communicator)
    let experiment = Experiment(configuration)
    threads = job.computeThreads(configuration)

    training = try job.dataset(
      configuration, split: configuration.data.trainSplit, faults: configuration.trainingFaults)
    if communicator.isRoot {
      for warning in training.trainingWarnings(difficult: configuration.data.difficult) { logger.warning("\(warning)") }
    }
    try configuration.requireTrainingImages(training)
    iterations = configuration.iterations(images: training.images.count)
    try configuration.requireWarmup(iterations: iterations)
    schedule = recipe.learningRates(iterations: iterations)
    evaluation = try RunEvaluation(experiment, iterations: iterations, threads: threads, job: job)
    logger.info("\(training.images.count) training images, \(training.classNames.count) classes")

    let frozenLayers = try experiment.frozenLayers()
    let budget = MemoryBudget(
      experiment, frozenLayers: frozenLayers, threads: threads, evaluates: evaluation != nil,
      worldSize: communicator.worldSize,
      writes: communicator.isRoot)
    logger.info("memory\(communicator.worldSize > 1 ? " of rank 0" : ""): \(budget)")
    let ranks = communicator.worldSize == 1 ? "one process" : "\(communicator.worldSize) ranks"
    let set = kernels.instructionSet(for: recipe.precision)
    logger.info("\(ranks), \(threads) threads, \(set) kernels, \(recipe.precision.rawValue)")
    if communicator.isRoot, let few = configuration.smallNormalization { logger.warning("\(few); \(few.remedy)") }
    var store =
      communicator.isRoot
      ? try CheckpointStore(
        runDirectory: configuration.output, keep: configuration.checkpoint.keep,
        build: job.build?.line, logger: logger)
      : nil
    let origin = try RunOrigin(resume, configuration, store: store, job: job)
    store?.history = origin.history
    self.store = store
    job.board.enter("mapping memory")
    pool = ThreadPool(threadCount: threads)
    let microBatches = recipe.globalBatch / recipe.microBatch
    step = try TrainingStep(
      experiment.model, matcher: experiment.matcher, optimizer: experiment.optimizer,
      microBatch: recipe.microBatch, microBatches: microBatches, pool: pool, kernels: kernels,
      frozenLayers: frozenLayers, clipNorm: recipe.gradientClipNorm, averageDecay: recipe.averageDecay,
      summation: origin.summation, communicator: communicator, layout: job.layout,
      settings: configuration.communication, board: job.board)
    iteration = try step.start(experiment, from: origin, job: job)
    copies = MemoryCopies(origin, configuration, state: step.state, job: job)
    continuesCopy = origin.host != nil
    firstIteration = iteration
    sentinel = LossSentinel(
      objects: training.objectCounts, warmupIterations: schedule.warmupIterations, after: iteration)
    contract = ContractRecord(configuration, training, step.bucketPlan, build: job.build)
    loader = configuration.loader(
      training, kernels: kernels, microBatches: WorkDivision(communicator).share(of: microBatches),
      threads: configuration.loaderThreads(computeThreads: threads), firstIteration: iteration)
  }

  /// Trains until iteration `stop`, or to the end, and leaves a checkpoint there.
  ///
  /// - Parameter observers: who else is told at rank 0 what the run does.
  /// - Throws: `DatasetError` for an image that cannot be read, ``FileError`` for a file that cannot be written,
  ///   ``NonFiniteLossError``, `MessagePassingError`. The newest checkpoint stays valid.
  @discardableResult
  package func run(until stop: Int? = nil, observers: RunObserverFactory = { _ in [] }) throws -> Outcome {
    let last = min(stop ?? iterations, iterations)
    if iteration >= last { logger.info("iteration \(iteration) is reached already: nothing to train") }
    files = try store.map {
      try RunFiles(
        RunDescription(
          configuration: configuration, iteration: iteration, last: last, iterations: iterations,
          training: training, placement: job.placement.description, build: job.build?.line, logger: logger),
        store: $0, state: step.state, interval: job.checkpointInterval(configuration.checkpoint.everySeconds),
        board: job.board, observers: observers)
    }
    if continuesCopy { files?.warnOfLostMetrics() }
    do {
      try evaluation?.resume(after: iteration, step, files: files)
      while iteration < last, evaluation?.endsRun != true {
        guard let (record, images) = try trainIteration() else { break }
        try files?.append(record, images: images)
        let evaluates = evaluation?.isDue(after: iteration) ?? false
        try files?.saveIfDue(iteration: iteration, state: step.state, evaluationFollows: evaluates)
        if evaluates { try evaluation?.run(after: iteration, step, files: files) }
      }
    } catch {
      // A checkpoint that is on its way is still completed.
      copies.finishWriting()
      try? files?.finishWriting()
      throw error
    }
    let outcome: Outcome =
      iteration < last && evaluation?.endsRun != true ? .interrupted(iteration: iteration) : .finished
    try files?.close(iteration: iteration, state: step.state, outcome)
    loader.stop()
    job.board.enter("waiting for rank 0 to end the run", waitsForOthers: true)
    try job.communicator.barrier()
    copies.remove()
    return outcome
  }

  /// One iteration: images in, weights moved. Nil, and nothing moved, when the ranks agree to stop before it.
  private func trainIteration() throws -> (TrainingRecord, images: [String]?)? {
    var seconds = PhaseSeconds()
    job.board.enter("loading") { [loader] in loader.imagesInWork.joined(separator: ", ") }
    let microBatches = try seconds.measure(\.data) { try loader.nextIteration() }
    reportDamage(microBatches.flatMap(\.replacements))
    let targets = step.match(microBatches)

    var proposal = try contract(positives: targets.positives)
    proposal.replacements = microBatches.reduce(0) { $0 + $1.replacements.count }
    let proposals = step.show(proposal)

    let learningRate = schedule.rate(afterIterations: iteration)
    var agreed: Agreement?
    let result: TrainingStep.Result
    let gradientNorm: Double?
    do {
      let computed = try step.computeGradients(microBatches, targets) {
        job.board.enter("waiting for other ranks to begin iteration \(iteration + 1)", waitsForOthers: true)
        let agreement = try ContractRecord.agreement(step.records(proposals))
        agreed = agreement
        guard !agreement.stops else { return nil }
        if agreement.keepsCopies { copies.begin(iteration: iteration, state: step.state) }
        return agreement.positives
      }
      guard let computed else { return nil }
      result = computed
      gradientNorm = try step.update(learningRate: learningRate, iteration: iteration)
    } catch let loss as NonFiniteLoss {
      throw try explain(loss, microBatches)
    } catch let gradient as NonFiniteGradient {
      throw NonFiniteLossError(iteration: iteration + 1, gradient)
    }
    guard let agreement = agreed else { preconditionFailure("an iteration without an agreement") }
    iteration += 1
    seconds = seconds + step.seconds
    busySeconds = seconds.total - seconds.communication
    deadline.noteIteration(seconds: seconds.total)
    let images = try configuration.data.logImages ? namesOfAllImages(microBatches) : nil
    let record = TrainingRecord(
      iteration: iteration, images: configuration.training.globalBatch, epochImages: training.images.count,
      result: result, learningRate: learningRate, gradientNorm: gradientNorm, seconds: seconds,
      worldSize: job.communicator.worldSize,
      slowest: SlowestRank(busySeconds: agreement.busySeconds, job.placement),
      damagedImages: agreement.replacements)
    if let warning = sentinel.take(record), job.communicator.isRoot { logger.warning("\(warning)") }
    return (record, images)
  }

  /// Names each damaged image once.
  private func reportDamage(_ replacements: [ImageReplacement]) {
    for replacement in replacements where reportedDamage.insert(replacement.error.file).inserted {
      logger.warning("\(replacement.error); \(replacement.substitute) takes its place, in other epochs other images")
    }
  }

  /// The images that all ranks have used, in the order of the global batch.
  private func namesOfAllImages(_ microBatches: [MicroBatch]) throws -> [String] {
    try job.communicator.allGather(microBatches.flatMap(\.imageIndices)).map {
      training.images[$0].identifier
    }
  }

  /// What this rank tells the others before an iteration.
  private func contract(positives: Int) throws -> ContractRecord {
    var record = contract
    record.iteration = iteration
    (record.positives, record.busySeconds) = (positives, busySeconds)
    if let files {
      deadline.noteCheckpoint(seconds: files.checkpointSeconds)
      record.keepsCopies = copies.areDue && (iteration > firstIteration || continuesCopy)
      // A copy outlives this host; so must what is said of the iterations before.
      if record.keepsCopies { try files.flush() }
    }
    if let evaluation { deadline.noteEvaluation(seconds: evaluation.seconds) }
    record.wantsToStop =
      job.stop.isPending || deadline.isNear(evaluationIsDue: evaluation?.isDue(after: iteration + 1) ?? false)
    let isCompared = iteration == firstIteration || iteration.isMultiple(of: ContractRecord.parameterInterval)
    if isCompared, job.communicator.worldSize > 1 {
      record.parameters = ContentHash(step.state).value
    }
    return record
  }

  /// Finds the images and the layer of a loss that is not finite, at the rank that has them, and tells all.
  private func explain(_ loss: NonFiniteLoss, _ microBatches: [MicroBatch]) throws -> NonFiniteLossError {
    let owner = loss.microBatch / microBatches.count
    var text = ""
    if owner == job.communicator.rank {
      let microBatch = microBatches[loss.microBatch % microBatches.count]
      text =
        NonFiniteLossError(
          iteration: iteration + 1, loss, rank: owner, images: microBatch.identifiers,
          layer: step.firstNonFiniteLayer(microBatch)
        ).description
    }
    return NonFiniteLossError(try job.communicator.allGather(text)[owner])
  }
}
