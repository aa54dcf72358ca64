import Files
import Foundation
import Inference
import Layers
import Tensors
import Training

/// Where the time of training steps or of inference went, and how much arithmetic was done in it.
///
/// Effective operations are those of a direct convolution, a multiply–add counted as two, whatever algorithm was used. Unless stated
/// otherwise seconds are medians over the iterations.
package struct BenchmarkReport: Sendable {
  /// What a clock showed for one iteration.
  package struct Iteration: Sendable {
    package let seconds: Double
    /// In the order of `phaseNames`.
    let phases: [Double]
    package let layers: LayerSeconds
    /// Of all threads together.
    var processorSeconds: Double
    /// How far down the arena the backward pass of the last micro-batch came when.
    let curve: [TrainingStep.GradientInstant]

    package init(
      seconds: Double, phases: [Double], layers: LayerSeconds, processorSeconds: Double = 0,
      curve: [TrainingStep.GradientInstant] = []
    ) {
      self.curve = curve
      self.seconds = seconds
      self.phases = phases
      self.layers = layers
      self.processorSeconds = processorSeconds
    }
  }

  /// One layer of the network, over all images of an iteration.
  package struct Layer: Sendable {
    /// Its name.
    package let name: String
    /// Multiply–adds of one image's forward pass; 0 for what is no convolution.
    package let multiplyAdds: Int
    /// Seconds of the forward pass.
    package let forwardSeconds: Double
    /// Seconds of the backward pass; nil when there is none.
    package let backwardSeconds: Double?
    /// Effective FLOP/s of the forward pass.
    package let forwardRate: Double
    /// Effective FLOP/s of the backward pass; nil when there is none.
    package let backwardRate: Double?
    /// Effective FLOP/s of both.
    package let rate: Double
    /// Bytes of maps that the forward pass must move.
    package let forwardBytes: Double
    /// Bytes of maps that the backward pass must move.
    package let backwardBytes: Double
    /// What both take at least: arithmetic at the peak, or maps through memory.
    package let limitSeconds: Double

    /// Bytes a second of both.
    package var bandwidth: Double { (forwardBytes + backwardBytes) / seconds }
    package var seconds: Double { forwardSeconds + (backwardSeconds ?? 0) }
    /// What they take beyond that.
    package var lostSeconds: Double { seconds - limitSeconds }
  }

  /// What was measured, as in "training step".
  package let subject: String
  /// What was computed.
  package let workload: Workload
  /// Seconds of every iteration.
  package let seconds: [Double]
  /// Phases of an iteration in their order.
  package let phases: [(name: String, seconds: Double)]
  /// In the order of the forward pass.
  package let layers: [Layer]
  /// Everything but layers that convolve: pooling, normalisation, matching and loss or decoding, sums of gradients, update.
  package let secondsOutsideConvolutions: Double
  /// How much of the time of its threads the program had a processor; much less than 1 where other programs were busy too.
  package let processorShare: Double
  /// Effective FLOP/s of whole iterations.
  package let rate: Double
  /// FLOP/s of a loop that multiplies and adds in registers alone, with the same instruction set, precision and threads.
  package let peak: Double
  /// Bytes a second that the same threads read and write when they copy memory.
  package let memoryBandwidth: Double
  /// The same for one thread.
  package let threadMemoryBandwidth: Double
  /// Medians of ``Iteration/curve``; empty for inference.
  package let curve: [TrainingStep.GradientInstant]
  /// Values of the arena that gradients lie in.
  package let arenaCount: Int
  /// What other numbers of threads would make of a step; nil for inference.
  package let partition: ThreadPartition?
  /// The program that measured; nil where there is none around, as in tests.
  package let build: BuildIdentity?
  /// The kernels' instruction set.
  package let instructionSet: String
  /// For which kind of processor matrix products are computed.
  package let matrixLibrary: String
  /// The largest resident set of the process.
  package let peakMemoryBytes: Int

  /// - Parameters:
  ///   - memoryBandwidth: of all threads and of one; is measured after the largest resident set has been read, because it takes more memory
  ///     than some networks.
  ///   - arenaCount: values of the gradients; 0 for inference.
  ///   - hasTiles: whether convolutions may multiply tiles.
  /// - Precondition: there is an iteration.
  package init(
    subject: String, workload: Workload, graph: LayerGraph, isTraining: Bool, phaseNames: [String],
    iterations: [Iteration], instructionSet: String, hasTiles: Bool, peak: Double, arenaCount: Int = 0,
    partition: ThreadPartition? = nil, build: BuildIdentity? = nil,
    memoryBandwidth: @autoclosure () -> (all: Double, thread: Double)
  ) {
    self.arenaCount = arenaCount
    self.build = build
    self.partition = partition
    curve = (iterations.first?.curve ?? []).indices.map { index in
      TrainingStep.GradientInstant(
        offset: iterations[0].curve[index].offset, seconds: iterations.map { $0.curve[index].seconds }.median)
    }
    self.subject = subject
    self.workload = workload
    self.peak = peak
    self.instructionSet = instructionSet
    matrixLibrary = MatrixLibrary.processorKind
    peakMemoryBytes = PeakMemory.bytes
    let bandwidth = memoryBandwidth()
    (self.memoryBandwidth, threadMemoryBandwidth) = bandwidth
    seconds = iterations.map(\.seconds)
    phases = phaseNames.enumerated().map { index, name in (name, iterations.map { $0.phases[index] }.median) }
    let work = graph.nodes.indices.map { index in
      LayerWork(
        index, of: graph, images: workload.batch, microBatch: workload.microBatch, isTraining: isTraining,
        hasTiles: hasTiles)
    }
    layers = work.enumerated().map { index, work in
      let forward = iterations.map { $0.layers.forward[index] }.median
      let backward = isTraining ? iterations.map { $0.layers.backward[index] }.median : nil
      return Layer(
        name: work.name, multiplyAdds: work.multiplyAdds, forwardSeconds: forward, backwardSeconds: backward,
        forwardRate: work.forward / forward, backwardRate: backward.map { work.backward / $0 },
        rate: (work.forward + work.backward) / (forward + (backward ?? 0)), forwardBytes: work.forwardBytes,
        backwardBytes: work.backwardBytes,
        limitSeconds: [
          (work.forwardMultiplications, work.forwardBytes), (work.backwardMultiplications, work.backwardBytes),
        ].reduce(0) { $0 + max($1.0 / peak, $1.1 / bandwidth.all) })
    }
    secondsOutsideConvolutions =
      iterations.map { iteration in
        work.indices.reduce(iteration.seconds) { rest, index in
          work[index].multiplyAdds > 0
            ? rest - iteration.layers.forward[index] - iteration.layers.backward[index] : rest
        }
      }.median
    processorShare =
      iterations.reduce(0) { $0 + $1.processorSeconds } / (seconds.reduce(0, +) * Double(workload.threads))
    rate = work.reduce(0) { $0 + $1.forward + $1.backward } / seconds.median
  }

  /// The layers that lose most time, those that lose most first.
  package func mostLost(_ count: Int) -> [Layer] {
    Array(layers.filter { $0.lostSeconds > 0 }.sorted { $0.lostSeconds > $1.lostSeconds }.prefix(count))
  }

  /// By the fastest iteration.
  package var imagesPerSecond: Double { Double(workload.batch) / (seconds.min() ?? .infinity) }
  /// By the median of the iterations.
  package var medianImagesPerSecond: Double { Double(workload.batch) / seconds.median }
}

extension BenchmarkReport {
  private struct Summary: Encodable {
    struct Layer: Encodable {
      let name: String
      let forward_seconds: Double
      let backward_seconds: Double?
      let multiply_adds: Int
      let effective_gflops: Double
      let forward_bytes: Double
      let backward_bytes: Double
      let gigabytes_per_second: Double
      let limit_seconds: Double
      let lost_seconds: Double
    }
    struct Curve: Encodable {
      let offsets: [Int]
      let seconds: [Double]
    }
    let measurement: String
    let build: BuildIdentity?
    let model: String
    let freeze: String?
    let processors: Int
    let arena_values: Int?
    let gradient_curve: Curve?
    let thread_memory_gigabytes_per_second: Double
    let width_multiplier: Float
    let classes: Int
    let batch: Int
    let micro_batch: Int
    let precision: String
    let threads: Int
    let instruction_set: String
    let matrix_library: String
    let processor_share: Double
    let images_per_second: Double
    let images_per_second_median: Double
    let seconds: [Double]
    let peak_memory_bytes: Int
    let phases: [String: Double]
    let layers: [Layer]
    let effective_gflops: Double
    let peak_gflops: Double
    let memory_gigabytes_per_second: Double
    let seconds_outside_convolutions: Double
    let share_outside_convolutions: Double
    let partition: ThreadPartition.Summary?
  }

  /// One JSON object.
  package func json() throws -> String {
    let model = workload.configuration.model
    let summary = Summary(
      measurement: curve.isEmpty ? "inference" : "step", build: build, model: model.architecture.name,
      freeze: workload.configuration.training.freeze, processors: ThreadPool.availableProcessors,
      arena_values: curve.isEmpty ? nil : arenaCount,
      gradient_curve: curve.isEmpty ? nil : .init(offsets: curve.map(\.offset), seconds: curve.map(\.seconds)),
      thread_memory_gigabytes_per_second: threadMemoryBandwidth / 1e9, width_multiplier: model.widthMultiplier,
      classes: workload.classes,
      batch: workload.batch, micro_batch: workload.microBatch,
      precision: workload.configuration.training.precision.rawValue,
      threads: workload.threads,
      instruction_set: instructionSet, matrix_library: matrixLibrary, processor_share: processorShare,
      images_per_second: imagesPerSecond,
      images_per_second_median: medianImagesPerSecond, seconds: seconds, peak_memory_bytes: peakMemoryBytes,
      phases: Dictionary(uniqueKeysWithValues: phases.map { ($0.name, $0.seconds) }),
      layers: layers.map {
        .init(
          name: $0.name, forward_seconds: $0.forwardSeconds, backward_seconds: $0.backwardSeconds,
          multiply_adds: $0.multiplyAdds, effective_gflops: $0.rate / 1e9,
          forward_bytes: $0.forwardBytes, backward_bytes: $0.backwardBytes, gigabytes_per_second: $0.bandwidth / 1e9,
          limit_seconds: $0.limitSeconds, lost_seconds: $0.lostSeconds)
      },
      effective_gflops: rate / 1e9, peak_gflops: peak / 1e9,
      memory_gigabytes_per_second: memoryBandwidth / 1e9,
      seconds_outside_convolutions: secondsOutsideConvolutions,
      share_outside_convolutions: secondsOutsideConvolutions / seconds.median, partition: partition?.summary)
    return try JSONText.line(summary)
  }
}
