import Tensors

/// Where every activation, gradient and layer state of a graph lies, for a fixed batch size, planned from lifetimes.
///
/// An iteration has the steps 0 … n − 1 (forward of node i is step i), n (the caller reads the outputs and writes their gradients)
/// and n + 1 … 2n (backward of node i is step 2n − i). Inference has only the steps up to n. Nodes without a backward step have no
/// gradients, and nothing waits for one.
package struct ActivationPlan: Sendable {
  /// Whether a node has a backward step: it is not frozen, and it or a node before it has variables that are trained.
  let hasBackward: [Bool]
  /// In bytes, by map; nil for the images.
  let activationOffsets: [Int?]
  /// In bytes, by map; nil where nobody wants the gradient.
  let gradientOffsets: [Int?]
  /// In bytes, by node.
  let stateOffsets: [Int]
  /// Bytes of the buffer.
  package let byteCount: Int

  /// Plans `graph` for up to `batch` images; backward leaves out the first `frozen` nodes.
  package init(_ graph: LayerGraph, batch: Int, _ mode: Mode, frozen: Int = 0) {
    let nodes = graph.nodes
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

    var blocks: [MemoryPlan.Block] = []
    func place(_ byteCount: Int, _ first: Int, _ last: Int) -> Int {
      blocks.append(MemoryPlan.Block(byteCount: byteCount, lifetime: first...last))
      return blocks.count - 1
    }

    var activations: [Int?] = []
    var gradients: [Int?] = []
    for map in graph.maps {
      guard let producer = nodes.firstIndex(where: { $0.output == map }) else {
        // The images: memory of the caller, and nobody wants their gradient.
        activations.append(nil)
        gradients.append(nil)
        continue
      }
      let isOutput = graph.outputs.contains(map)
      let consumers = nodes.indices.filter { nodes[$0].inputs.contains(map) }
      var lastUse = isOutput ? outside : max(producer, consumers.last ?? producer)
      if hasBackward[producer], demands[producer].keepsOutput {
        lastUse = max(lastUse, backwardStep(producer))
      }
      for consumer in consumers where hasBackward[consumer] && demands[consumer].keepsInputs {
        lastUse = max(lastUse, backwardStep(consumer))
      }
      let byteCount = graph.shape(map, batch: batch).count * ElementType.float32.byteCount
      activations.append(place(byteCount, producer, lastUse))
      let firstGradient = isOutput ? outside : consumers.last.map(backwardStep)
      gradients.append(hasBackward[producer] ? firstGradient.map { place(byteCount, $0, backwardStep(producer)) } : nil)
    }
    let states = nodes.indices.map { node in
      place(demands[node].stateBytes, node, hasBackward[node] ? backwardStep(node) : node)
    }
    let plan = MemoryPlan(blocks)
    activationOffsets = activations.map { $0.map { plan.offsets[$0] } }
    gradientOffsets = gradients.map { $0.map { plan.offsets[$0] } }
    stateOffsets = states.map { plan.offsets[$0] }
    byteCount = plan.byteCount
  }
}
