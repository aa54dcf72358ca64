import Configuration
import Detection
import Evaluation
import Images
import Kernels
import Layers
import Loading
import Models
import Tensors

/// A network with its weights and post-processing: images in, objects out.
package final class Detector {
  /// Names of the classes, label 1 first.
  package let classNames: [String]
  /// The largest number of images of one forward pass.
  package let batch: Int
  package let input: NetworkInput
  package let kernels: Kernels
  /// The time of every layer is added to this; nil, as at first, when it is not wanted.
  package var layerSeconds: LayerSeconds? {
    get { executor.layerSeconds }
    set { executor.layerSeconds = newValue }
  }

  private let executor: SSDExecutor
  private let weights: VariableArena
  private let decoder: DetectionDecoder
  private let pool: ThreadPool
  private let pixels: AlignedBuffer

  /// Maps the memory for `batch` images at a time. The weights must not change from the first image on.
  package convenience init(
    _ experiment: Experiment, weights: VariableArena, batch: Int, pool: ThreadPool, kernels: Kernels
  ) {
    self.init(
      experiment, weights: weights,
      executor: SSDExecutor(
        experiment.model, batch: batch, .evaluation, keepsWeights: true, pool: pool, kernels: kernels))
  }

  /// Computes in the memory of an executor, which must not be in use meanwhile.
  package init(_ experiment: Experiment, weights: VariableArena, executor: SSDExecutor) {
    classNames = experiment.classNames
    input = experiment.configuration.networkInput
    batch = executor.batch
    self.weights = weights
    pool = executor.context.pool
    kernels = executor.context.kernels
    self.executor = executor
    decoder = experiment.decoder
    pixels = AlignedBuffer(count: batch * input.width * input.height * 3)
  }

  /// Opens the weights of a checkpoint.
  ///
  /// - Throws: ``FileError`` when a tensor of the configured model is missing from the file or has another shape.
  package convenience init(
    _ checkpoint: Checkpoint, _ experiment: Experiment, batch: Int, pool: ThreadPool, kernels: Kernels
  ) throws {
    let weights = VariableArena(experiment.model.layout)
    try checkpoint.fill(
      weights, classNames: experiment.classNames, naming: experiment.model.tensorNaming)
    self.init(experiment, weights: weights, batch: batch, pool: pool, kernels: kernels)
  }

  /// The objects in images of any size, in pixels of each image.
  ///
  /// - Precondition: there are at most ``batch`` images.
  package func detect(_ images: [Image]) -> [[PixelDetection]] {
    precondition(images.count <= batch, "\(images.count) images for a detector of \(batch)")
    if images.isEmpty { return [] }
    let stride = input.width * input.height * 3
    pool.forEach(images.count) { index, _ in
      input.sample(images[index], kernels: kernels, into: pixels.floats.baseAddress! + index * stride)
    }
    return zip(images, detect(pixels.floats.baseAddress!, count: images.count)).map { image, objects in
      objects.map { PixelDetection($0, width: image.width, height: image.height) }
    }
  }

  /// The objects in images that are already in the network's layout, [count, height, width, 3] minus the mean.
  package func detect(_ pixels: UnsafeMutablePointer<Float>, count: Int) -> [[DetectedObject]] {
    forward(pixels, count: count)
    return decode(count: count)
  }

  /// The first half of ``detect(_:count:)``: the network.
  package func forward(_ pixels: UnsafeMutablePointer<Float>, count: Int) {
    let shape = executor.model.imageShape(batch: count)
    executor.forward(Tensor(shape, at: pixels), weights: weights, .evaluation)
  }

  /// The second half: what the network has found in the first `count` images.
  package func decode(count: Int) -> [[DetectedObject]] {
    guard count < pool.threadCount else {
      return pool.map(Array(0..<count)) { image, _ in
        decoder.decode(
          locations: executor.locations(image), confidences: executor.confidences(image), kernels: kernels)
      }
    }
    // With fewer images than threads these share the classes of each.
    return (0..<count).map { image in
      decoder.decode(
        locations: executor.locations(image), confidences: executor.confidences(image), kernels: kernels
      ) { count, body in
        pool.forEach(count) { index, _ in body(index) }
      }
    }
  }
}

extension PixelDetection {
  /// Scales a detection to an image of the given size.
  package init(_ object: DetectedObject, width: Int, height: Int) {
    self.init(
      box: PixelBox(object.box, imageWidth: width, imageHeight: height), label: object.label,
      score: Double(object.score))
  }
}
