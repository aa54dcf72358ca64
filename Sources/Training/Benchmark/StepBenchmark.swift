import Datasets
import Detection
import Foundation
import Glibc
import Models
import Randomness
import Tensors

/// Times whole training steps, the loader excepted, on random images with two objects each.
public struct StepBenchmark {
  /// Seconds of every counted iteration, and what they were spent on.
  public struct Result {
    /// Images of an iteration.
    public let batch: Int
    /// Compute threads.
    public let threads: Int
    /// Wall-clock seconds of each iteration.
    public let seconds: [Double]
    /// Seconds of all counted iterations together, by phase.
    public let phases: PhaseSeconds
    /// The largest resident set of the process.
    public let peakMemoryBytes: Int

    /// By the fastest iteration, as the peers are measured.
    public var imagesPerSecond: Double { Double(batch) / (seconds.min() ?? .infinity) }
  }

  private let batch: Int
  private let microBatch: Int
  private let threads: Int
  private let iterations: Int
  private let configuration: Configuration

  /// Describes a benchmark; `microBatch` is 4, or the largest divisor of `batch` below, when it is not given.
  public init(model: Configuration.Model.Name, batch: Int, microBatch: Int?, threads: Int?, iterations: Int) throws {
    self.batch = batch
    self.microBatch = microBatch ?? (1...min(4, batch)).last { batch.isMultiple(of: $0) } ?? 1
    self.threads = threads ?? ThreadPool.availableProcessors
    self.iterations = iterations
    configuration = try Configuration(
      yaml: "{version: 1, model: {name: \(model.rawValue)}}", name: "benchmark", overrides: [])
  }

  /// Runs one iteration that is not counted, then the others.
  public func run(kernels: Kernels) throws -> Result {
    let model = configuration.ssd
    let step = try TrainingStep(
      model, matcher: configuration.matcher(for: model), optimizer: configuration.optimizer, microBatch: microBatch,
      microBatches: batch / microBatch, pool: ThreadPool(threadCount: threads), kernels: kernels)
    try configuration.fillInitialWeights(step.weights)
    let count = model.graph.shape(model.graph.input).count
    let pixels = AlignedBuffer(count: batch * count)
    var random = RandomStream(seed: 0, purpose: .test)
    for index in pixels.floats.indices { pixels.floats[index] = random.uniform(-120, 130) }
    let objects = [
      GroundTruth(box: CornerBox(xMin: 0.1, yMin: 0.1, xMax: 0.5, yMax: 0.5), label: 3),
      GroundTruth(box: CornerBox(xMin: 0.33, yMin: 0.27, xMax: 0.93, yMax: 0.83), label: 7),
    ]
    let microBatches = (0..<batch / microBatch).map { index in
      MicroBatch(
        pixels: pixels.floats.baseAddress! + index * microBatch * count,
        samples: (0..<microBatch).map { .init(position: $0, epoch: 0, imageIndex: $0) },
        groundTruth: Array(repeating: objects, count: microBatch),
        identifiers: (0..<microBatch).map { "image \($0)" })
    }
    var seconds: [Double] = []
    var phases = PhaseSeconds()
    for iteration in 0...iterations {
      let start = ContinuousClock.now
      let targets = step.match(microBatches)
      _ = try step.computeGradients(microBatches, targets, normalizer: targets.positives)
      try step.update(learningRate: 1e-4)
      guard iteration > 0 else { continue }
      seconds.append((ContinuousClock.now - start) / .seconds(1))
      phases = phases + step.seconds
    }
    return Result(
      batch: batch, threads: threads, seconds: seconds, phases: phases, peakMemoryBytes: peakResidentBytes())
  }

  private func peakResidentBytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
  }
}

extension StepBenchmark.Result {
  private struct Summary: Encodable {
    let images_per_second: Double
    let seconds: [Double]
    let batch: Int
    let threads: Int
    let peak_memory_bytes: Int
    let phases: [String: Double]
  }

  /// Mean seconds of an iteration.
  private var phaseSeconds: [(name: String, seconds: Double)] {
    [("forward", phases.forward), ("loss", phases.loss), ("backward", phases.backward), ("update", phases.update)]
      .map { ($0, $1 / Double(seconds.count)) }
  }

  /// One JSON object.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let summary = Summary(
      images_per_second: imagesPerSecond, seconds: seconds, batch: batch, threads: threads,
      peak_memory_bytes: peakMemoryBytes,
      phases: Dictionary(uniqueKeysWithValues: phaseSeconds.map { ($0.name, $0.seconds) }))
    return String(decoding: try encoder.encode(summary), as: UTF8.self)
  }

  /// A table for people.
  public var text: String {
    let total = phaseSeconds.reduce(0) { $0 + $1.seconds }
    let rows = phaseSeconds.map { phase in
      [phase.name, String(format: "%.3f s", phase.seconds), String(format: "%.1f %%", 100 * phase.seconds / total)]
    }
    return """
      \(String(format: "%.3f", imagesPerSecond)) images/s: batch \(batch), \(threads) threads, best of \(seconds.count) iterations
      \(String(format: "%.2f", Double(peakMemoryBytes) / 1e9)) GB peak memory
      \(TextTable(rows).text)
      """
  }
}
