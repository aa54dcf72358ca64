/// Wall-clock seconds that each layer of a graph has taken, in the order of the graph's nodes.
public struct LayerSeconds: Sendable, Equatable {
  /// Forward passes.
  public var forward: [Double]
  /// Backward passes.
  public var backward: [Double]

  /// Zeros for the layers of `graph`.
  public init(_ graph: LayerGraph) {
    forward = Array(repeating: 0, count: graph.nodes.count)
    backward = forward
  }
}
