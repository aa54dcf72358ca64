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

  /// Plans for up to `batch` images; without `training` there is no backward and much less memory.
  ///
  /// - Parameter frozenLayers: layers from the input on that backward leaves out.
  package init(
    _ model: SSD, batch: Int, training: Bool, frozenLayers: Int = 0, pool: ThreadPool, kernels: Kernels
  ) {
    self.model = model
    executor = GraphExecutor(
      model.graph, batch: batch, training: training, frozen: frozenLayers, pool: pool, kernels: kernels)
    predictions = PredictionBuffer(model, batch: batch)
    gradients = training ? PredictionBuffer(model, batch: batch) : nil
  }

  /// Bytes that an executor maps.
  package static func byteCount(
    _ model: SSD, batch: Int, training: Bool, frozenLayers: Int = 0, threads: Int
  ) -> Int {
    let floats =
      ActivationPlan(model.graph, batch: batch, training: training, frozen: frozenLayers).count
      + (training ? 2 : 1) * PredictionBuffer.count(model, batch: batch)
    return floats * MemoryLayout<Float>.stride
      + model.graph.scratch(batch: batch, training: training).bytes(threads: threads)
  }

  /// Computes ``locations(_:)`` and ``confidences(_:)`` of the images.
  package func forward(_ images: Tensor, weights: ParameterArena) {
    executor.forward(images, weights: weights)
    predictions.copyFromMaps { self.executor.activation($0) }
  }

  /// The name of the first layer whose output for these images is not finite; nil when all are.
  package func firstNonFiniteLayer(_ images: Tensor, weights: ParameterArena) -> String? {
    var first: String?
    executor.forward(images, weights: weights) { layer, output in
      if first == nil, !(0..<output.shape.count).allSatisfy({ output.data[$0].isFinite }) { first = layer }
    }
    return first
  }

  /// Computes the gradients of all parameters from ``locationGradients(_:)`` and ``confidenceGradients(_:)``.
  ///
  /// - Parameter completed: called whenever more of the gradients is final, with the offset from which on all is; at last with that of the
  ///   first layer that is not frozen.
  /// - Precondition: made for training, after a forward pass.
  package func backward(
    weights: ParameterArena, gradients parameterGradients: ParameterArena,
    completed: (_ offset: Int) -> Void = { _ in }
  ) {
    guard let gradients else { preconditionFailure("an executor for inference has no backward") }
    gradients.copyToMaps { self.executor.gradient($0) }
    executor.backward(weights: weights, gradients: parameterGradients, completed: completed)
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
