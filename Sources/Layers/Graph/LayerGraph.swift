import Kernels
import Tensors

/// Layers in an order in which they can run, and which feature map each reads and writes. A description without memory.
package struct LayerGraph: Sendable {
  /// Names a feature map of the graph.
  package struct Map: Hashable, Sendable {
    let index: Int
  }

  /// A layer and its place.
  package struct Node: Sendable {
    /// The layer.
    package let layer: any Layer
    /// What it reads.
    package let inputs: [Map]
    /// What it writes.
    package let output: Map
  }

  /// In forward order.
  package private(set) var nodes: [Node] = []
  /// The maps that are read from outside; their gradients come from outside.
  package var outputs: [Map] = []
  /// The images.
  package let input = Map(index: 0)
  private var shapes: [Shape]

  /// Starts a graph over images of the given size. Maps have the precision of the images, unless their layers say otherwise.
  package init(inputHeight: Int, inputWidth: Int, inputChannels: Int, precision: Precision = .float32) {
    shapes = [
      Shape(batch: 1, height: inputHeight, width: inputWidth, channels: inputChannels, precision: precision)
    ]
  }

  /// Appends a layer that reads `inputs`, in its order, and returns its output.
  package mutating func add(_ layer: any Layer, to inputs: Map...) -> Map {
    let output = Map(index: shapes.count)
    shapes.append(layer.outputShape(for: inputs.map { shapes[$0.index] }))
    nodes.append(Node(layer: layer, inputs: inputs, output: output))
    return output
  }

  /// The shape of a map for `batch` images.
  package func shape(_ map: Map, batch: Int = 1) -> Shape {
    var shape = shapes[map.index]
    shape.batch = batch
    return shape
  }

  /// The shape of a map's gradient: results are float32, but their gradients are multiplied as those of other maps are.
  package func gradientShape(_ map: Map, batch: Int = 1) -> Shape {
    let shape = shape(map, batch: batch)
    guard outputs.contains(map), let producer = nodes.first(where: { $0.output == map }) else { return shape }
    return shape.stored(as: self.shape(producer.inputs[0]).precision)
  }

  /// Every map, in the order of creation; the input is the first.
  var maps: [Map] { shapes.indices.map(Map.init) }

  /// What a node needs for `batch` images.
  package func demand(_ node: Node, batch: Int = 1, _ mode: Mode) -> Demand {
    node.layer.demand(for: node.inputs.map { shape($0, batch: batch) }, mode)
  }

  /// Multiply–adds of one image's forward pass.
  package var multiplyAdds: Int { nodes.reduce(0) { $0 + demand($1, .evaluation).multiplyAdds } }

  /// The offset in an arena from which on variables, but for running averages, belong to the nodes behind the first `frozen`.
  ///
  /// - Precondition: variables lie in the order of the nodes.
  package func trainedOffset(frozen: Int) -> Int {
    variables(frozen).filter { !$0.isAverage }.map(\.range.upperBound).max().map { ($0 + 15) / 16 * 16 } ?? 0
  }

  /// The part of an arena of `count` floats that belongs to the nodes behind the first `frozen`.
  ///
  /// - Precondition: running averages lie behind all other variables, in the opposite order.
  package func trainedRange(frozen: Int, of count: Int) -> Range<Int> {
    let averages = variables(frozen).filter { $0.isAverage }
    return trainedOffset(frozen: frozen)..<(averages.map(\.range.lowerBound).min() ?? count)
  }

  /// The most floats in an arena that belong to one node, but for running averages.
  package var largestLayerCount: Int {
    nodes.indices.map { trainedOffset(frozen: $0 + 1) - trainedOffset(frozen: $0) }.max() ?? 0
  }

  private func variables(_ frozen: Int) -> [Variable] { nodes.prefix(frozen).flatMap(\.layer.variables) }

  /// Scratch that is enough for every layer, whose work is cut by the number of images: fewer of them may need more.
  ///
  /// - Parameter batch: images at most.
  package func scratch(batch: Int, _ mode: Mode) -> ScratchSize {
    (1...batch).reduce(ScratchSize()) { size, batch in
      nodes.reduce(size) { $0.union(demand($1, batch: batch, mode).scratch) }
    }
  }
}
