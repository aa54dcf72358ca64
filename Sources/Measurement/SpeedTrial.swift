import Configuration
import Inference
import Tensors
import Training

/// How fast the ranks of a job compute together: an iteration of one micro-batch at every rank at the same time, each for itself.
///
/// The loader and the exchange of gradients are left out; images and weights are made up.
package struct SpeedTrial {
  /// What is measured, for messages.
  package static let description = "a trial of one micro-batch a rank, without loading and exchange"
  /// The first pass also touches the memory for the first time; when it takes longer than this it has to do.
  private static let patience = 5.0

  /// Images of all ranks together; the slowest rank decides.
  package let imagesPerSecond: Double
  /// What other numbers of threads would make of this rank's micro-batch.
  package let partition: ThreadPartition

  /// Maps the memory of a training step and runs it. Collective.
  ///
  /// - Throws: `UnknownInstructionSet`, ``ConfigurationError`` when the kernels cannot multiply in the configured precision,
  ///   `NonFiniteLoss`, `MessagePassingError`.
  package init(_ experiment: Experiment, job: Job) throws {
    let (configuration, model) = (experiment.configuration, experiment.model)
    let size = configuration.training.microBatch
    job.board.enter("trying a micro-batch")
    let pool = ThreadPool(threadCount: configuration.training.threads ?? job.placement.threads)
    let step = try TrainingStep(
      model, matcher: experiment.matcher, optimizer: experiment.optimizer, microBatch: size,
      microBatches: 1, pool: pool,
      kernels: configuration.kernels(job.kernels), frozenLayers: try experiment.frozenLayers())
    step.state.inputScales = model.initialize(
      step.state.weights, with: configuration.model.initialization, hasPretrainedBase: false,
      seed: configuration.training.seed)
    let batch = SyntheticBatch(
      images: size, shape: model.graph.shape(model.graph.input, batch: 1), objectClasses: model.classCount - 1)
    let microBatches = batch.microBatches(of: size)

    // Of this rank, and of the slowest.
    func seconds() throws -> (own: Double, slowest: Double) {
      job.board.enter("waiting for other ranks to try a micro-batch", waitsForOthers: true)
      try job.communicator.barrier()
      job.board.enter("trying a micro-batch")
      let start = ContinuousClock.now
      let targets = step.match(microBatches)
      _ = try step.computeGradients(microBatches, targets, normalizer: targets.positives)
      // Small enough to keep random weights from wandering off.
      try step.update(learningRate: 1e-4)
      let own = (ContinuousClock.now - start) / .seconds(1)
      job.board.enter("waiting for other ranks to try a micro-batch", waitsForOthers: true)
      return (own, try job.communicator.allGatherCodable(own).reduce(own, max))
    }
    var slowest = 0.0
    func measure() throws -> ThreadPartition {
      try ThreadPartition.measure(pool) {
        let seconds = try seconds()
        slowest = seconds.slowest
        return seconds.own
      }
    }
    let first = try measure()
    partition = slowest > Self.patience ? first : try measure()
    imagesPerSecond = Double(size * job.communicator.worldSize) / slowest
  }
}
