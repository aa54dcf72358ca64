import Tensors

/// Runs a graph forward and backward in memory that was planned and mapped before the first iteration.
public final class GraphExecutor {
  /// The graph that runs.
  public let graph: LayerGraph
  /// The largest batch.
  public let batch: Int
  /// Threads, kernels, scratch.
  public let context: ExecutionContext
  private let plan: ActivationPlan
  private let memory: AlignedBuffer
  private var images: Tensor?

  /// Maps the memory for up to `batch` images; without `training` there is none for gradients.
  public init(_ graph: LayerGraph, batch: Int, training: Bool, pool: ThreadPool, kernels: Kernels) {
    self.graph = graph
    self.batch = batch
    plan = ActivationPlan(graph, batch: batch, training: training)
    memory = AlignedBuffer(count: plan.count)
    context = ExecutionContext(
      pool: pool, kernels: kernels, scratch: graph.scratch(batch: batch, training: training))
  }

  /// Runs all layers on `images`, which must stay in place until backward is done.
  ///
  /// - Precondition: the shape is that of the graph's input, with at most ``batch`` images.
  public func forward(_ images: Tensor, weights: ParameterArena) {
    precondition(
      images.shape == graph.shape(graph.input, batch: images.shape.batch) && images.shape.batch <= batch,
      "images \(images.shape) for a graph of \(graph.shape(graph.input, batch: batch))")
    self.images = images
    for (index, node) in graph.nodes.enumerated() {
      node.layer.forward(
        activation(node.input), into: activation(node.output), state: state(index), weights: weights, context: context)
    }
  }

  /// Runs all layers backward from the gradients of the outputs, which the caller has written into ``gradient(_:)``.
  public func backward(weights: ParameterArena, gradients: ParameterArena) {
    var written: Set<LayerGraph.Map> = []
    for (index, node) in graph.nodes.enumerated().reversed() {
      let inputGradient = plan.gradientOffsets[node.input.index].map { _ in gradient(node.input) }
      let pass = BackwardPass(
        input: activation(node.input), output: activation(node.output), state: state(index),
        outputGradient: gradient(node.output), inputGradient: inputGradient,
        accumulatesInputGradient: !written.insert(node.input).inserted, parameterGradients: gradients)
      node.layer.backward(pass, weights: weights, context: context)
    }
  }

  /// A feature map of the current images.
  public func activation(_ map: LayerGraph.Map) -> Tensor {
    guard let images else { preconditionFailure("forward comes first") }
    guard let offset = plan.activationOffsets[map.index] else { return images }
    return tensor(map, offset)
  }

  /// The gradient of the loss with respect to a feature map.
  public func gradient(_ map: LayerGraph.Map) -> Tensor {
    guard let offset = plan.gradientOffsets[map.index] else {
      preconditionFailure("map \(map.index) has no gradient")
    }
    return tensor(map, offset)
  }

  private func tensor(_ map: LayerGraph.Map, _ offset: Int) -> Tensor {
    Tensor(graph.shape(map, batch: images!.shape.batch), memory.floats.baseAddress! + offset)
  }

  private func state(_ node: Int) -> UnsafeMutablePointer<Float> {
    memory.floats.baseAddress! + plan.stateOffsets[node]
  }
}
