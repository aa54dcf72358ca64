import Layers

/// The four pairs of convolutions behind the base network that shrink the map to 10, 5, 3 and 1 cells.
///
/// ### Source
/// Liu et al. 2016, figure 2. Parameter names are torchvision's.
struct ExtraFeatureLayers {
  /// The second map of every pair.
  let sources: [LayerGraph.Map]

  private struct Pair {
    let number: Int
    let squeezed: Int
    let channels: Int
    let stride: Int
    let padding: Int
  }

  private static let pairs = [
    Pair(number: 8, squeezed: 256, channels: 512, stride: 2, padding: 1),
    Pair(number: 9, squeezed: 128, channels: 256, stride: 2, padding: 1),
    Pair(number: 10, squeezed: 128, channels: 256, stride: 1, padding: 0),
    Pair(number: 11, squeezed: 128, channels: 256, stride: 1, padding: 0),
  ]

  /// Appends the layers behind `map`.
  init(behind map: LayerGraph.Map, _ builder: inout NetworkBuilder) {
    var sources: [LayerGraph.Map] = []
    var map = map
    for (index, pair) in Self.pairs.enumerated() {
      let parameter = "backbone.extra.\(index + 1)"
      map = builder.convolution(
        "conv\(pair.number)_1", parameter: parameter + ".0", of: map, to: pair.squeezed, kernel: 1)
      map = builder.convolution(
        "conv\(pair.number)_2", parameter: parameter + ".2", of: map, to: pair.channels, kernel: 3, stride: pair.stride,
        padding: pair.padding)
      sources.append(map)
    }
    self.sources = sources
  }
}
