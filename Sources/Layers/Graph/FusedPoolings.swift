/// Max poolings that the convolution before them does with its sums: the map in between never exists, and its gradient neither.
///
/// That is so where nothing else reads the map, and where ``Convolution/pools(_:by:hasTiles:)`` says so. Values and gradients are the same bits
/// as without, for maps of floats; of bfloat16 maxima are found before they are rounded.
package struct FusedPoolings: Sendable {
  /// For each node: the pooling that it does as well, if any.
  package let pooling: [Int?]
  /// For each node: the convolution that does it, if any.
  package let convolution: [Int?]

  /// - Parameter hasTiles: whether convolutions may multiply tiles.
  package init(_ graph: LayerGraph, hasTiles: Bool) {
    let nodes = graph.nodes
    var pooling = [Int?](repeating: nil, count: nodes.count)
    var convolution = pooling
    for (index, node) in nodes.enumerated() {
      guard let layer = node.layer as? MaxPooling, !graph.outputs.contains(node.inputs[0]),
        nodes.filter({ $0.inputs.contains(node.inputs[0]) }).count == 1,
        let producer = nodes.firstIndex(where: { $0.output == node.inputs[0] }),
        let before = nodes[producer].layer as? Convolution,
        before.pools(graph.shape(nodes[producer].inputs[0]), by: layer, hasTiles: hasTiles)
      else { continue }
      pooling[producer] = index
      convolution[index] = producer
    }
    (self.pooling, self.convolution) = (pooling, convolution)
  }
}
