import Inference
import Kernels
import Layers
import Tensors

/// Times detection in images that are already in the network's layout: the network, then decoding and non-maximum suppression.
///
/// With random weights all classes are about equally likely, so that nearly every default box is a candidate for every class. Decoding
/// is at its slowest then.
package struct InferenceBenchmark {
  private let workload: Workload

  /// Describes a benchmark.
  package init(_ workload: Workload) {
    self.workload = workload
  }

  /// Measures the peak of the processors, then all iterations.
  ///
  /// - Throws: nothing but what reading initial weights may throw.
  package func run(kernels: Kernels) throws -> BenchmarkReport {
    let configuration = workload.configuration
    let experiment = Experiment(configuration)
    let model = experiment.model
    let pool = ThreadPool(threadCount: workload.threads)
    let peak = ArithmeticPeak.measure(
      pool: pool, kernels: kernels, precision: configuration.training.precision)
    let weights = VariableArena(model.layout)
    _ = try experiment.fillInitialWeights(weights)
    let detector = Detector(
      experiment, weights: weights, batch: workload.microBatch, pool: pool, kernels: kernels)
    let batch = SyntheticBatch(
      images: workload.batch, shape: model.graph.shape(model.graph.input), objectClasses: model.classCount - 1)
    let iterations = workload.measure {
      let layers = LayerSeconds(model.graph)
      detector.layerSeconds = layers
      var (forward, decode) = (Duration.zero, Duration.zero)
      for images in batch.microBatches(of: workload.microBatch) {
        let start = ContinuousClock.now
        detector.forward(images.pixels, count: images.count)
        let middle = ContinuousClock.now
        _ = detector.decode(count: images.count)
        forward += middle - start
        decode += ContinuousClock.now - middle
      }
      return BenchmarkReport.Iteration(
        seconds: (forward + decode) / .seconds(1), phases: [forward / .seconds(1), decode / .seconds(1)],
        layers: detector.layerSeconds ?? layers)
    }
    return BenchmarkReport(
      subject: "inference", workload: workload, graph: model.graph, isTraining: false,
      phaseNames: ["forward", "decode"], iterations: iterations, instructionSet: kernels.instructionSet,
      hasTiles: kernels.tiles != nil, peak: peak,
      memoryBandwidth: MemoryBandwidth.measureBoth(pool: pool))
  }
}
