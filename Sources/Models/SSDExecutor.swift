import Kernels
import Layers
import Tensors

/// Runs an ``SSD`` forward and backward in memory planned and mapped beforehand.
package final class SSDExecutor {
  /// The network.
  package let model: SSD
  /// The largest batch.
  package var batch: Int { executor.batch }
  /// Threads, kernels, scratch.
  package var context: ExecutionContext { executor.context }
  /// The time of every layer is added to this; nil, as at first, when it is not wanted.
  package var layerSeconds: LayerSeconds? {
    get { executor.layerSeconds }
    set { executor.layerSeconds = newValue }
  }

  private let executor: GraphExecutor
  private let predictions: PredictionBuffer
  private let gradients: PredictionBuffer?
  /// The images in the precision of maps; nil where that is float32.
  private let images: AlignedBuffer?

  /// Plans for up to `batch` images; for evaluation alone there is no backward and much less memory.
  ///
  /// - Parameters:
  ///   - frozenLayers: layers from the input on that backward leaves out.
  ///   - keepsWeights: whether all passes have the same weights, in the same memory: some of what is computed from them is kept then.
  package init(
    _ model: SSD, batch: Int, _ mode: Mode, frozenLayers: Int = 0, keepsWeights: Bool = false, pool: ThreadPool,
    kernels: Kernels
  ) {
    self.model = model
    executor = GraphExecutor(
      model.graph, batch: batch, mode, frozen: frozenLayers, keepsWeights: keepsWeights, pool: pool, kernels: kernels)
    predictions = PredictionBuffer(model, batch: batch)
    gradients = mode == .training ? PredictionBuffer(model, batch: batch) : nil
    images = Self.imageBytes(model, batch: batch).map { AlignedBuffer(byteCount: $0) }
  }

  /// Bytes that an executor maps.
  ///
  /// - Parameter hasTiles: whether convolutions may multiply tiles; as this processor can, by default.
  package static func byteCount(
    _ model: SSD, batch: Int, _ mode: Mode, frozenLayers: Int = 0, threads: Int,
    hasTiles: Bool = Kernels.available.last?.tiles != nil
  ) -> Int {
    let predictions = (mode == .training ? 2 : 1) * PredictionBuffer.count(model, batch: batch)
    return ActivationPlan(model.graph, batch: batch, mode, frozen: frozenLayers, hasTiles: hasTiles).byteCount
      + predictions * MemoryLayout<Float>.stride + (imageBytes(model, batch: batch) ?? 0)
      + model.graph.scratch(batch: batch, mode).bytes(threads: threads)
  }

  /// Computes ``locations(_:)`` and ``confidences(_:)`` of the images.
  ///
  /// - Parameter mode: what the pass is for.
  package func forward(_ images: Tensor, weights: VariableArena, _ mode: Mode) {
    executor.forward(stored(images), weights: weights, mode)
    predictions.copyFromMaps { self.executor.activation($0) }
  }

  private static func imageBytes(_ model: SSD, batch: Int) -> Int? {
    let shape = model.graph.shape(model.graph.input, batch: batch)
    return shape.precision == .float32 ? nil : shape.byteCount
  }

  /// The images in the precision of maps. Pixels are integers that bfloat16 holds exactly, unless they were scaled.
  private func stored(_ images: Tensor) -> Tensor {
    guard let memory = self.images else { return images }
    let count = images.shape.count / images.shape.batch
    let stored = Tensor(images.shape.stored(as: .bfloat16), at: memory.start)
    context.pool.forEach(images.shape.batch) { image, _ in
      stored.set(images.floats(image: image), count: count, from: image * count, context.kernels)
    }
    return stored
  }

  /// The name of the first layer whose output for these images is not finite; nil when all are.
  package func firstNonFiniteLayer(_ images: Tensor, weights: VariableArena) -> String? {
    var first: String?
    executor.forward(stored(images), weights: weights, .training) { layer, output in
      if first == nil, !output.values(self.context.kernels).allSatisfy(\.isFinite) { first = layer }
    }
    return first
  }

  /// Computes the gradients of all variables from ``locationGradients(_:)`` and ``confidenceGradients(_:)``.
  ///
  /// - Parameter completed: called whenever more of the gradients is final, with the offset from which on all is; at last with that of the
  ///   first layer that is not frozen.
  /// - Precondition: made for training, after a forward pass.
  package func backward(
    weights: VariableArena, gradients variableGradients: VariableArena,
    completed: (_ offset: Int) -> Void = { _ in }
  ) {
    guard let gradients else { preconditionFailure("an executor for inference has no backward") }
    gradients.copyToMaps({ self.executor.gradient($0) }, context.kernels)
    executor.backward(weights: weights, gradients: variableGradients, completed: completed)
  }

  /// The locations of one image, [D, 4].
  package func locations(_ image: Int) -> UnsafeMutablePointer<Float> { predictions.locations(image) }
  /// The confidences of one image, [D, classes].
  package func confidences(_ image: Int) -> UnsafeMutablePointer<Float> { predictions.confidences(image) }
  /// Where the caller writes the gradient of the loss with respect to ``locations(_:)``.
  package func locationGradients(_ image: Int) -> UnsafeMutablePointer<Float> { gradients!.locations(image) }
  /// Where the caller writes the gradient of the loss with respect to ``confidences(_:)``.
  package func confidenceGradients(_ image: Int) -> UnsafeMutablePointer<Float> { gradients!.confidences(image) }
}
