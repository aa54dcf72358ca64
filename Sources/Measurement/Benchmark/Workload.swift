import Configuration
import Files
import Glibc
import Kernels
import Models
import Tensors

/// What a benchmark computes: a network, the images of an iteration, and the threads that share the work.
package struct Workload: Sendable {
  /// Images of a forward pass when nothing else is asked for and the batch has as many.
  package static let preferredMicroBatch = 8

  /// The network and everything else that is not said here, which has its default.
  package let configuration: Configuration
  /// Images of an iteration.
  package let batch: Int
  /// Images of a forward pass; divides ``batch``.
  package let microBatch: Int
  /// Compute threads.
  package let threads: Int
  /// Iterations before those that count.
  package let warmUp: Int
  /// Iterations that count.
  package let iterations: Int

  /// Describes a workload.
  ///
  /// - Parameters:
  ///   - classes: background included.
  ///   - microBatch: by default the largest divisor of `batch` up to ``preferredMicroBatch``.
  ///   - precision: what convolutions multiply.
  ///   - freeze: the last of the layers that keep their weights; nil when all are trained.
  ///   - threads: by default one for each processor that this process may use.
  /// - Precondition: the numbers are positive, but `warmUp` may be 0 and `classes` is at least 2; `microBatch` divides `batch`.
  /// - Throws: ``ConfigurationError`` for a width that the network does not have.
  package init(
    model: Architecture, widthMultiplier: Float, classes: Int, batch: Int, microBatch: Int?,
    precision: Precision, freeze: String? = nil, threads: Int?, warmUp: Int, iterations: Int
  ) throws(ConfigurationError) {
    precondition(batch > 0 && iterations > 0 && warmUp >= 0, "\(warmUp) + \(iterations) iterations of \(batch) images")
    precondition(classes >= 2, "\(classes) classes are less than background and one more")
    let divisors = (1...min(Self.preferredMicroBatch, batch)).filter { batch.isMultiple(of: $0) }
    self.batch = batch
    self.microBatch = microBatch ?? divisors.max() ?? 1
    precondition(self.microBatch > 0 && batch.isMultiple(of: self.microBatch), "\(self.microBatch) of \(batch) images")
    self.threads = threads ?? ThreadPool.availableProcessors
    self.warmUp = warmUp
    self.iterations = iterations
    let names = (1..<classes).map { "class_\($0)" }.joined(separator: ", ")
    configuration = try Configuration(
      yaml: """
        version: 1
        model: {name: \(model.name), width_multiplier: \(widthMultiplier)}
        data: {classes: [\(names)]}
        training: {precision: \(precision.rawValue)}
        """, name: "benchmark",
      overrides: freeze.map { ["training.freeze=\(JSONLiteral($0))"] } ?? [])
  }

  /// Classes, background included.
  package var classes: Int { configuration.data.classNames.count + 1 }

  /// Runs all iterations and returns those that count.
  package func measure(_ iteration: () throws -> BenchmarkReport.Iteration) rethrows -> [BenchmarkReport.Iteration] {
    try (0..<warmUp + iterations).map { _ in
      let start = Self.processorSeconds
      var result = try iteration()
      result.processorSeconds = Self.processorSeconds - start
      return result
    }.suffix(iterations)
  }

  /// What all threads of this process together have had of the processors so far.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
