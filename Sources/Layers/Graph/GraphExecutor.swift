import Kernels
import Tensors

/// Runs a graph forward and backward in memory that was planned and mapped before the first iteration.
package final class GraphExecutor {
  /// The graph that runs.
  package let graph: LayerGraph
  /// The largest batch.
  package let batch: Int
  /// Threads, kernels, scratch.
  package let context: ExecutionContext
  /// The time of every layer is added to this; nil, as at first, when it is not wanted.
  package var layerSeconds: LayerSeconds?
  private let plan: ActivationPlan
  private let memory: AlignedBuffer
  private var images: Tensor?
  /// What readers of each map have to do with its values.
  private var pending: [PendingNormalization?]
  /// Nodes from the first on that compute as in evaluation: their running averages stay as they are.
  private let frozen: Int
  /// For each node, and the end: the offset in a gradient arena from which on everything belongs to this and later nodes.
  private let completeFrom: [Int]

  /// Maps the memory for up to `batch` images; for evaluation alone there is none for gradients.
  ///
  /// - Parameters:
  ///   - frozen: the first nodes, which backward leaves out; the gradients of their variables are not written.
  ///   - keepsWeights: whether all passes have the same weights, in the same memory.
  package init(
    _ graph: LayerGraph, batch: Int, _ mode: Mode, frozen: Int = 0, keepsWeights: Bool = false, pool: ThreadPool,
    kernels: Kernels
  ) {
    self.graph = graph
    self.batch = batch
    self.frozen = frozen
    pending = graph.maps.map { _ in nil }
    completeFrom = (0...graph.nodes.count).map(graph.trainedOffset)
    plan = ActivationPlan(graph, batch: batch, mode, frozen: frozen, hasTiles: kernels.tiles != nil)
    memory = AlignedBuffer(byteCount: plan.byteCount)
    context = ExecutionContext(
      pool: pool, kernels: kernels, scratch: graph.scratch(batch: batch, mode),
      preparedKernels: keepsWeights ? PreparedKernels() : nil)
  }

  /// Runs all layers on `images`, which must stay in place until backward is done.
  ///
  /// - Parameters:
  ///   - mode: what the pass is for; evaluation runs in the memory of training too.
  ///   - inspect: called with every layer's name and output, as long as that is in memory. Of a convolution that pools its output this is the
  ///     pooled one.
  /// - Precondition: the shape is that of the graph's input, with at most ``batch`` images.
  package func forward(
    _ images: Tensor, weights: VariableArena, _ mode: Mode,
    inspect: ((_ layer: String, _ output: Tensor) -> Void)? = nil
  ) {
    precondition(
      images.shape == graph.shape(graph.input, batch: images.shape.batch) && images.shape.batch <= batch,
      "images \(images.shape) for a graph of \(graph.shape(graph.input, batch: batch))")
    self.images = images
    for (index, node) in graph.nodes.enumerated() {
      let pass = forwardPass(index, weights: weights, mode)
      let isDone = plan.fused.convolution[index] != nil
      measure(\.forward, index) { if !isDone { node.layer.forward(pass) } }
      pending[node.output.index] = node.layer.pending(
        state: pass.state, input: pass.inputs.first?.pending, pass.mode)
      inspect?(node.layer.name, pass.output)
    }
  }

  /// Runs all layers backward that lead to trained variables, from the gradients of the outputs, which the caller has written into ``gradient(_:)``.
  ///
  /// - Parameters:
  ///   - gradients: may be a window for the largest layer, ``LayerGraph/largestLayerCount``.
  ///   - completed: called whenever more of `gradients` is final, with the offset from which on all is; at last with the offset of the first
  ///     layer that is not frozen.
  package func backward(
    weights: VariableArena, gradients: VariableArena, completed: (_ offset: Int) -> Void = { _ in }
  ) {
    for (index, node) in graph.nodes.enumerated() where plan.hasBackward[index] {
      node.layer.leaveAverages(state: memory.start + plan.stateOffsets[index], in: gradients)
    }
    var written: Set<LayerGraph.Map> = []
    for (index, node) in graph.nodes.enumerated().reversed() where plan.hasBackward[index] {
      let inputGradients = node.inputs.enumerated().map { position, map in
        plan.gradientOffsets[map.index].map { _ in
          let isFirst = written.insert(map).inserted
          precondition(
            isFirst || position > 0 || node.layer.sharing == .nothing,
            "\(node.layer.name) shares a map that others read")
          return BackwardPass.InputGradient(
            gradient(map), accumulates: !isFirst, isLast: plan.lastGradient[map.index] == index)
        }
      }
      let pass = BackwardPass(
        forwardPass(index, weights: weights, .training),
        outputGradient: gradient(graph.nodes[plan.fused.pooling[index] ?? index].output),
        inputGradients: inputGradients, gradients: gradients)
      let isDone = plan.fused.convolution[index] != nil
      gradients.show(completeFrom[index]..<completeFrom[index + 1], of: node.layer.variables)
      measure(\.backward, index) { if !isDone { node.layer.backward(pass) } }
      if completeFrom[index] < completeFrom[index + 1] { completed(completeFrom[index]) }
    }
  }

  /// A feature map of the current images.
  package func activation(_ map: LayerGraph.Map) -> Tensor {
    guard let images else { preconditionFailure("forward comes first") }
    if map == graph.input { return images }
    guard let offset = plan.activationOffsets[map.index] else {
      preconditionFailure("map \(map.index) is pooled without being written")
    }
    return Tensor(graph.shape(map, batch: images.shape.batch), at: memory.start + offset)
  }

  /// The gradient of the loss with respect to a feature map.
  package func gradient(_ map: LayerGraph.Map) -> Tensor {
    guard let offset = plan.gradientOffsets[map.index] else {
      preconditionFailure("map \(map.index) has no gradient")
    }
    return Tensor(graph.gradientShape(map, batch: images!.shape.batch), at: memory.start + offset)
  }

  private func forwardPass(_ node: Int, weights: VariableArena, _ mode: Mode) -> ForwardPass {
    let mode = node < frozen ? .evaluation : mode
    // What the convolution before has done has no input.
    let inputs = plan.fused.convolution[node] == nil ? graph.nodes[node].inputs : []
    let pooling = plan.fused.pooling[node]
    var pass = ForwardPass(
      inputs: inputs.map { FeatureMap(activation($0), pending: pending[$0.index]) },
      output: activation(graph.nodes[pooling ?? node].output), state: memory.start + plan.stateOffsets[node],
      weights: weights, mode: mode, context: context)
    pass.pooling = pooling.map { poolingOfOutput($0, mode) }
    return pass
  }

  /// What the node before a pooling needs to do it as well.
  private func poolingOfOutput(_ node: Int, _ mode: Mode) -> PoolingOfOutput {
    guard let layer = graph.nodes[node].layer as? MaxPooling else { preconditionFailure("node \(node) is no pooling") }
    let argmax = memory.start + plan.stateOffsets[node]
    return PoolingOfOutput(
      geometry: layer.geometry(graph.shape(graph.nodes[node].inputs[0]), graph.shape(graph.nodes[node].output)),
      argmax: mode == .training ? argmax.assumingMemoryBound(to: UInt8.self) : nil)
  }

  private func measure(_ pass: WritableKeyPath<LayerSeconds, [Double]>, _ node: Int, _ run: () -> Void) {
    context.pool.recorder?.owner = graph.nodes[node].layer.name
    defer { context.pool.recorder?.owner = nil }
    guard layerSeconds != nil else { return run() }
    let start = ContinuousClock.now
    run()
    layerSeconds?[keyPath: pass][node] += (ContinuousClock.now - start) / .seconds(1)
  }
}
