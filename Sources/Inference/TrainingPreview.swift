import Configuration
import Datasets
import Files
import Foundation
import Images
import Kernels
import Loading

/// Images of what a network is trained on: samples as the loader hands them out, with their boxes.
package struct TrainingPreview {
  /// An image that was written.
  package struct WrittenImage: Sendable {
    /// The file.
    package let path: String
    /// The names of the classes of its objects.
    package let objects: [String]
  }

  private let configuration: Configuration
  private let dataset: Dataset

  /// Reads the annotations of the training split.
  ///
  /// - Throws: `DatasetError`, ``ConfigurationError``.
  package init(_ configuration: Configuration) throws {
    self.configuration = configuration
    dataset = try configuration.dataset(split: configuration.data.trainSplit, faults: configuration.trainingFaults)
    try configuration.requireTrainingImages(dataset)
  }

  /// What was repaired or dropped while reading, and images without boxes.
  package var warnings: [String] { dataset.trainingWarnings(difficult: configuration.data.difficult) }

  /// Writes the first samples of an iteration and those that follow it, as PNG files.
  ///
  /// Every one is what training computes with at that place, with any number of ranks: the same loader makes it from the
  /// seed, the epoch and the image. Names have iteration, place in the global batch, and image.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - iteration: the first iteration, counted from 1 as in `metrics.jsonl`.
  ///   - directory: where to; made when it does not exist.
  ///   - kernels: what pixels are computed with.
  ///   - didWrite: called for each image.
  /// - Throws: `DatasetError` for an image that cannot be read, ``FileError`` or `ImageError` for a file that cannot
  ///   be written.
  package func write(
    _ count: Int, fromIteration iteration: Int, to directory: String, kernels: Kernels,
    didWrite: (WrittenImage) -> Void = { _ in }
  ) throws {
    try Directory.create(directory)
    let recipe = configuration.training
    let loader = configuration.loader(
      dataset, kernels: kernels, microBatches: 0..<recipe.globalBatch / recipe.microBatch,
      threads: configuration.loaderThreads(computeThreads: configuration.computeThreads),
      firstIteration: iteration - 1)
    defer { loader.stop() }
    for start in stride(from: 0, to: count, by: recipe.globalBatch) {
      let microBatches = try loader.nextIteration()
      for place in 0..<min(recipe.globalBatch, count - start) {
        let name = String(format: "%07ld-%03ld-", iteration + start / recipe.globalBatch, place + 1)
        didWrite(
          try write(
            place % recipe.microBatch, of: microBatches[place / recipe.microBatch], as: "\(directory)/\(name)"))
      }
    }
  }

  private func write(_ index: Int, of microBatch: MicroBatch, as prefix: String) throws -> WrittenImage {
    let input = configuration.networkInput
    let image = input.image(of: microBatch.pixels + index * input.width * input.height * 3)
    let boxes = microBatch.groundTruth[index].map { object in
      LabelledBox(
        left: Double(object.box.xMin) * Double(input.width), top: Double(object.box.yMin) * Double(input.height),
        right: Double(object.box.xMax) * Double(input.width), bottom: Double(object.box.yMax) * Double(input.height),
        name: dataset.classNames[object.label - 1] + (object.isDifficult ? " (difficult)" : ""),
        classIndex: object.label - 1)
    }
    // The name of an image may have directories and an extension of its own.
    let name = microBatch.identifiers[index].replacingOccurrences(of: "/", with: "_")
    let path = "\(prefix)\(URL(fileURLWithPath: name).deletingPathExtension().lastPathComponent).png"
    try BoxPainter.paint(boxes, on: image).writePNG(to: path)
    return WrittenImage(path: path, objects: boxes.map(\.name))
  }
}
