import Configuration
import Datasets
import Files
import Foundation
import Inference
import Kernels
import Logging

/// Times the loader of training images: reading, decoding, augmentation, resizing and packing, without a network.
package struct LoaderBenchmark {
  /// How long it took.
  package struct Result: Sendable {
    /// Images that were prepared.
    package let images: Int
    /// Wall-clock seconds for all of them.
    package let seconds: Double
    /// Threads that prepared them.
    package let threads: Int
    /// The network that they are for.
    package let model: String
    /// Images of the training split.
    package let trainingImages: Int
    /// The program that measured; nil where there is none around, as in tests.
    package let build: BuildIdentity?

    /// The rate of all threads together.
    package var imagesPerSecond: Double { Double(images) / seconds }
  }

  private let configuration: Configuration
  private let threads: Int
  private let iterations: Int
  private let build: BuildIdentity?

  /// Describes a benchmark.
  ///
  /// - Parameters:
  ///   - threads: by default as many as training would take.
  ///   - images: how many are prepared at least; whole iterations are.
  ///   - build: of the program, for the report.
  package init(_ configuration: Configuration, threads: Int?, images: Int, build: BuildIdentity? = nil) {
    self.build = build
    self.configuration = configuration
    self.threads = threads ?? configuration.loaderThreads(computeThreads: configuration.computeThreads)
    let batch = configuration.training.globalBatch
    iterations = max(1, (images + batch - 1) / batch)
  }

  /// Prepares the images twice: first to bring their files into memory, then by the clock.
  ///
  /// - Throws: `DatasetError`, ``ConfigurationError``.
  package func run(kernels: Kernels, logger: Logger) throws -> Result {
    let dataset = try configuration.dataset(split: configuration.data.trainSplit, faults: configuration.trainingFaults)
    try configuration.requireTrainingImages(dataset)
    for warning in dataset.trainingWarnings(difficult: configuration.data.difficult) { logger.warning("\(warning)") }
    _ = try pass(over: dataset, kernels)
    return try pass(over: dataset, kernels)
  }

  private func pass(over dataset: Dataset, _ kernels: Kernels) throws -> Result {
    let recipe = configuration.training
    let start = ContinuousClock.now
    let loader = configuration.loader(
      dataset, kernels: kernels, microBatches: 0..<recipe.globalBatch / recipe.microBatch, threads: threads,
      firstIteration: 0)
    for _ in 0..<iterations { _ = try loader.nextIteration() }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    loader.stop()
    return Result(
      images: iterations * recipe.globalBatch, seconds: seconds, threads: threads,
      model: configuration.model.architecture.name, trainingImages: dataset.images.count, build: build)
  }
}

extension LoaderBenchmark.Result {
  private struct Summary: Encodable {
    let measurement = "loader"
    let build: BuildIdentity?
    let model: String
    let training_images: Int
    let images_per_second: Double
    let images: Int
    let seconds: Double
    let threads: Int
    let peak_memory_bytes: Int
  }

  /// One JSON object.
  package func json() throws -> String {
    let summary = Summary(
      build: build, model: model, training_images: trainingImages, images_per_second: imagesPerSecond, images: images,
      seconds: seconds, threads: threads,
      peak_memory_bytes: PeakMemory.bytes)
    return try JSONText.line(summary)
  }

  /// A sentence for people.
  package var text: String {
    "\(String(format: "%.1f", imagesPerSecond)) images/s: \(images) images in \(Quantities.seconds(seconds)), "
      + Quantities.count(threads, "thread")
  }
}
