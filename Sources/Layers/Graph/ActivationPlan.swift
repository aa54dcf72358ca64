import Tensors

/// Where every activation, gradient and layer state of a graph lies, for a fixed batch size, planned from lifetimes.
///
/// An iteration has the steps 0 … n − 1 (forward of node i is step i), n (the caller reads the outputs and writes their gradients)
/// and n + 1 … 2n (backward of node i is step 2n − i). Inference has only the steps up to n. Nodes without a backward step have no
/// gradients, and nothing waits for one.
package struct ActivationPlan: Sendable {
  /// Whether a node has a backward step: it is not frozen, and it or a node before it has variables that are trained.
  let hasBackward: [Bool]
  /// In bytes, by map; nil for the images, and for maps that are pooled without being written.
  let activationOffsets: [Int?]
  /// In bytes, by map; nil where nobody wants the gradient.
  let gradientOffsets: [Int?]
  /// In bytes, by node.
  let stateOffsets: [Int]
  /// The node whose backward adds the last part of the gradient, by map: the first one that reads it and has a backward step.
  let lastGradient: [Int?]
  /// Poolings whose inputs have no memory.
  let fused: FusedPoolings
  /// Bytes of the buffer.
  package let byteCount: Int

  /// Plans `graph` for up to `batch` images; backward leaves out the first `frozen` nodes.
  ///
  /// - Parameter hasTiles: whether convolutions may multiply tiles.
  package init(_ graph: LayerGraph, batch: Int, _ mode: Mode, frozen: Int = 0, hasTiles: Bool) {
    let nodes = graph.nodes
    let fused = FusedPoolings(graph, hasTiles: hasTiles)
    self.fused = fused
    let demands = nodes.map { graph.demand($0, batch: batch, mode) }
    let outside = nodes.count
    func backwardStep(_ node: Int) -> Int { 2 * outside - node }
    var hasBackward: [Bool] = []
    for (index, node) in nodes.enumerated() {
      let producers = node.inputs.compactMap { input in nodes.firstIndex { $0.output == input } }
      hasBackward.append(
        mode == .training && index >= frozen
          && (!node.layer.variables.isEmpty || producers.contains { hasBackward[$0] }))
    }
    self.hasBackward = hasBackward
    lastGradient = graph.maps.map { map in nodes.indices.first { hasBackward[$0] && nodes[$0].inputs.contains(map) } }

    var blocks: [MemoryPlan.Block] = []
    func place(_ byteCount: Int, _ lifetime: ClosedRange<Int>) -> Int {
      blocks.append(MemoryPlan.Block(byteCount: byteCount, lifetime: lifetime))
      return blocks.count - 1
    }

    // Lifetimes of maps that share memory are those of the one whose memory it is: of values the first, of gradients the last.
    let homes = SharedMaps(graph)
    var lives = [ClosedRange<Int>?](repeating: nil, count: graph.maps.count)
    var gradientLives = lives
    for map in graph.maps {
      // The images are memory of the caller, and nobody wants their gradient.
      guard let producer = nodes.firstIndex(where: { $0.output == map }) else { continue }
      let isOutput = graph.outputs.contains(map)
      let consumers = nodes.indices.filter { nodes[$0].inputs.contains(map) }
      var lastUse = isOutput ? outside : max(producer, consumers.last ?? producer)
      if hasBackward[producer], demands[producer].keepsOutput {
        lastUse = max(lastUse, backwardStep(producer))
      }
      for consumer in consumers where hasBackward[consumer] && demands[consumer].keepsInputs {
        lastUse = max(lastUse, backwardStep(consumer))
      }
      if fused.pooling[producer] == nil {
        lives[homes.ofValues[map.index]].extend(over: (fused.convolution[producer] ?? producer)...lastUse)
      }
      if hasBackward[producer], fused.pooling[producer] == nil,
        let first = isOutput ? outside : consumers.last.map(backwardStep)
      {
        let last = backwardStep(fused.convolution[producer] ?? producer)
        gradientLives[homes.ofGradient[map.index]].extend(over: first...last)
      }
    }
    let activations = lives.enumerated().map { map, life in
      life.map { place(graph.shape(graph.maps[map], batch: batch).byteCount, $0) }
    }
    let gradients = gradientLives.enumerated().map { map, life in
      life.map { place(graph.gradientShape(graph.maps[map], batch: batch).byteCount, $0) }
    }
    let states = nodes.indices.map { node in
      var last = hasBackward[node] ? backwardStep(fused.convolution[node] ?? node) : node
      if demands[node].describesOutput {
        last = max(last, lives[homes.ofValues[nodes[node].output.index]]!.upperBound)
      }
      return place(demands[node].stateBytes, (fused.convolution[node] ?? node)...last)
    }
    let plan = MemoryPlan(blocks)
    activationOffsets = homes.ofValues.map { home in activations[home].map { plan.offsets[$0] } }
    gradientOffsets = graph.maps.map { map in
      guard let producer = nodes.firstIndex(where: { $0.output == map }), hasBackward[producer] else { return nil }
      return gradients[homes.ofGradient[map.index]].map { plan.offsets[$0] }
    }
    stateOffsets = states.map { plan.offsets[$0] }
    byteCount = plan.byteCount
  }
}

/// In whose memory the values and the gradient of each map lie, where layers share that of their inputs.
private struct SharedMaps {
  private(set) var ofValues: [Int]
  private(set) var ofGradient: [Int]

  init(_ graph: LayerGraph) {
    ofValues = graph.maps.map(\.index)
    ofGradient = ofValues
    for node in graph.nodes where node.layer.sharing == .everything {
      ofValues[node.output.index] = ofValues[node.inputs[0].index]
    }
    for node in graph.nodes.reversed() where node.layer.sharing != .nothing {
      ofGradient[node.inputs[0].index] = ofGradient[node.output.index]
    }
  }
}

extension ClosedRange<Int>? {
  fileprivate mutating func extend(over other: ClosedRange<Int>) {
    self = self.map { Swift.min($0.lowerBound, other.lowerBound)...Swift.max($0.upperBound, other.upperBound) } ?? other
  }
}
