import Layers

/// Two convolutions behind the base network that shrink the map: a pointwise one to few channels, and one that gives a source map.
struct ExtraFeaturePair {
  /// In the names of the layers: conv8_1, conv8_2.
  let number: Int
  /// Channels between the two.
  let squeezed: Int
  /// Channels of the source map.
  let channels: Int
  /// Of the second convolution.
  var kernel = 3
  /// Of the second convolution.
  var stride = 1
  /// Of the second convolution.
  var padding = 0
}

extension NetworkBuilder {
  /// Appends the extra feature layers of SSD, and returns the second map of every pair.
  ///
  /// ### Source
  /// Liu et al. 2016, figure 2. Variable names are torchvision's.
  mutating func extraFeatureLayers(behind map: LayerGraph.Map, _ pairs: [ExtraFeaturePair]) -> [LayerGraph.Map] {
    var map = map
    return pairs.enumerated().map { index, pair in
      let variable = "backbone.extra.\(index + 1)"
      map = convolution("conv\(pair.number)_1", variable: variable + ".0", of: map, to: pair.squeezed, kernel: 1)
      map = convolution(
        "conv\(pair.number)_2", variable: variable + ".2", of: map, to: pair.channels, kernel: pair.kernel,
        stride: pair.stride, padding: .symmetric(pair.padding))
      return map
    }
  }
}
