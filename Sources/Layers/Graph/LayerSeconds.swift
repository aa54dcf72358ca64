/// Wall-clock seconds that each layer of a graph has taken, in the order of the graph's nodes.
package struct LayerSeconds: Sendable, Equatable {
  /// Forward passes.
  package var forward: [Double]
  /// Backward passes.
  package var backward: [Double]

  /// Zeros for the layers of `graph`.
  package init(_ graph: LayerGraph) {
    forward = Array(repeating: 0, count: graph.nodes.count)
    backward = forward
  }
}
