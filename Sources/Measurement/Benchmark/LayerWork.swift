import Layers

/// The arithmetic of a layer, and the maps that it reads and writes, each once and whole. Weights do not count.
struct LayerWork {
  let name: String
  /// Of one image's forward pass.
  let multiplyAdds: Int
  /// FLOP of an iteration's forward passes, by the definition.
  let forward: Double
  /// FLOP of its backward passes, by the definition: as many again for the weights, and for the input, except where that is the images.
  let backward: Double
  /// FLOP that the algorithm does in an iteration's forward passes.
  let forwardMultiplications: Double
  /// FLOP that it does in the backward passes.
  let backwardMultiplications: Double
  /// Bytes of an iteration's forward passes: inputs and output.
  let forwardBytes: Double
  /// Bytes of its backward passes: what is kept of inputs and output, the gradient that comes and those that go.
  let backwardBytes: Double

  /// - Parameters:
  ///   - index: of the node.
  ///   - images: of an iteration, in micro-batches of `microBatch`.
  ///   - hasTiles: whether convolutions may multiply tiles.
  init(_ index: Int, of graph: LayerGraph, images: Int, microBatch: Int, isTraining: Bool, hasTiles: Bool) {
    let node = graph.nodes[index]
    let fused = FusedPoolings(graph, hasTiles: hasTiles)
    name = node.layer.name
    multiplyAdds = graph.demand(node, .evaluation).multiplyAdds
    forward = 2 * Double(multiplyAdds * images)
    backward = isTraining ? (node.inputs == [graph.input] ? 1 : 2) * forward : 0
    if let layer = node.layer as? Convolution {
      let work = layer.work(for: graph.shape(node.inputs[0], batch: microBatch), hasTiles: hasTiles)
      let passes = 2 * Double(images / microBatch)
      forwardMultiplications = passes * Double(work.forward)
      let input = node.inputs == [graph.input] ? 0 : work.inputGradient
      backwardMultiplications = isTraining ? passes * Double(work.weightGradient + input) : 0
    } else {
      (forwardMultiplications, backwardMultiplications) = (forward, backward)
    }
    let demand = graph.demand(node, .training)
    let inputs = node.inputs.reduce(0) { $0 + graph.shape($1, batch: images).byteCount }
    let output = graph.shape(graph.nodes[fused.pooling[index] ?? index].output, batch: images).byteCount
    let outputGradient = graph.gradientShape(graph.nodes[fused.pooling[index] ?? index].output, batch: images).byteCount
    let later = graph.nodes.drop { $0.output != node.output }.dropFirst()
    // A gradient that another reader of the map has set is read before it is added to.
    let gradients = node.inputs.filter { $0 != graph.input }.reduce(0) { sum, input in
      sum + graph.gradientShape(input, batch: images).byteCount * (later.contains { $0.inputs.contains(input) } ? 2 : 1)
    }
    // Of maps or gradients that lie in the same memory nothing is moved, and nothing by a pooling that the convolution before does.
    let isDone = fused.convolution[index] != nil
    forwardBytes = node.layer.sharing == .everything || isDone ? 0 : Double(inputs + output)
    let keepsOutput = demand.keepsOutput && fused.pooling[index] == nil
    let back = (demand.keepsInputs ? inputs : 0) + (keepsOutput ? output : 0) + outputGradient + gradients
    backwardBytes = isTraining && node.layer.sharing != .gradient && !isDone ? Double(back) : 0
  }
}
