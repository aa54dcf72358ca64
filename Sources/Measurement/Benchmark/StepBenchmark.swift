import Inference
import Kernels
import Layers
import Tensors
import Training

/// Times whole training steps, the loader excepted, on images and objects made up in memory.
package struct StepBenchmark {
  private let workload: Workload
  private let build: BuildIdentity?

  /// Describes a benchmark.
  ///
  /// - Parameter build: of the program, for the report.
  package init(_ workload: Workload, build: BuildIdentity? = nil) {
    self.workload = workload
    self.build = build
  }

  /// Measures the peak of the processors, then all iterations.
  ///
  /// - Throws: ``NonFiniteLoss``; ``ConfigurationError`` when the layer to freeze is none.
  package func run(kernels: Kernels) throws -> BenchmarkReport {
    let configuration = workload.configuration
    let experiment = Experiment(configuration)
    let model = experiment.model
    let pool = ThreadPool(threadCount: workload.threads)
    let peak = ArithmeticPeak.measure(
      pool: pool, kernels: kernels, precision: configuration.training.precision)
    let step = try TrainingStep(
      model, matcher: experiment.matcher, optimizer: experiment.optimizer,
      microBatch: workload.microBatch, microBatches: workload.batch / workload.microBatch, pool: pool,
      kernels: kernels, frozenLayers: try experiment.frozenLayers())
    step.recordsCurve = true
    step.state.inputScales = try experiment.fillInitialWeights(step.state.weights)
    let batch = SyntheticBatch(
      images: workload.batch, shape: model.graph.shape(model.graph.input), objectClasses: model.classCount - 1)
    let microBatches = batch.microBatches(of: workload.microBatch)
    func run() throws -> Double {
      let start = ContinuousClock.now
      let targets = step.match(microBatches)
      _ = try step.computeGradients(microBatches, targets, normalizer: targets.positives)
      // Small enough to keep random weights from wandering off.
      try step.update(learningRate: 1e-4)
      return (ContinuousClock.now - start) / .seconds(1)
    }
    let iterations = try workload.measure {
      let layers = LayerSeconds(model.graph)
      step.layerSeconds = layers
      let seconds = try run()
      let phases = step.seconds
      return BenchmarkReport.Iteration(
        seconds: seconds,
        phases: [phases.loss, phases.forward, phases.backward, phases.gradientSum, phases.update],
        layers: step.layerSeconds ?? layers, curve: step.curve)
    }
    let partition = try ThreadPartition.measure(pool, run)
    return BenchmarkReport(
      subject: "training step", workload: workload, graph: model.graph, isTraining: true,
      phaseNames: ["loss", "forward", "backward", "gradient_sum", "update"], iterations: iterations,
      instructionSet: kernels.instructionSet, hasTiles: kernels.tiles != nil, peak: peak,
      arenaCount: model.layout.arenaCount, partition: partition, build: build,
      memoryBandwidth: MemoryBandwidth.measureBoth(pool: pool))
  }
}
