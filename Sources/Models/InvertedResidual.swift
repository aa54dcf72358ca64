import Layers

/// A block of MobileNetV2 or V3: a pointwise convolution to more channels, a depthwise one, if wanted a squeeze-and-excitation, and a pointwise
/// convolution to few channels without an activation; the input is added where it has the same shape.
///
/// ### Source
/// Sandler et al. 2018, *MobileNetV2*; Howard et al. 2019, *Searching for MobileNetV3*.
struct InvertedResidual {
  /// Channels in the middle.
  let expanded: Int
  /// Channels of the output.
  let channels: Int
  /// Of the depthwise convolution.
  var kernel = 3
  /// Of the depthwise convolution.
  var stride = 1
  /// Whether there is a squeeze-and-excitation.
  var isGated = false
  /// Behind the first two convolutions.
  var activation = Activation.relu6

  /// What the names of the variables begin with.
  struct Names {
    /// Of the first convolution and its normalisation; there is none where channels are not to become more.
    var expand: (kernel: String, normalization: String)?
    /// Of the depthwise convolution.
    let depthwise: (kernel: String, normalization: String)
    /// Of the squeeze-and-excitation.
    var gate: String = ""
    /// Of the last convolution.
    let project: (kernel: String, normalization: String)
  }

  /// Appends the block.
  ///
  /// - Parameter name: of its layers, "block7".
  /// - Returns: the map with most channels, and the output.
  func append(
    _ name: String, _ names: Names, to input: LayerGraph.Map, _ layers: NormalizedLayers,
    _ builder: inout NetworkBuilder
  ) -> (expanded: LayerGraph.Map, output: LayerGraph.Map) {
    var map = input
    if let expand = names.expand {
      map = builder.normalizedConvolution(
        name + "_expand", expand, of: map, to: expanded, layers, activation: activation)
    }
    let wide = map
    map = builder.depthwise(
      name + "_depthwise", names.depthwise, of: map, kernel: kernel, stride: stride, layers, activation: activation)
    if isGated { map = appendGate(name, names.gate, of: map, &builder) }
    map = builder.normalizedConvolution(
      name + "_project", names.project, of: map, to: channels, layers, activation: .identity)
    if builder.graph.shape(map) == builder.graph.shape(input) {
      map = builder.graph.add(ResidualSum(name + "_sum"), to: map, input)
    }
    return (wide, map)
  }

  private func appendGate(
    _ name: String, _ variable: String, of map: LayerGraph.Map, _ builder: inout NetworkBuilder
  ) -> LayerGraph.Map {
    let channels = builder.graph.shape(map).channels
    let means = builder.graph.add(GlobalAveragePooling(name + "_means"), to: map)
    let squeezed = builder.exactConvolution(
      name + "_squeeze", variable: variable + ".fc1", of: means,
      to: NetworkBuilder.rounded(Float(channels / 4), to: 8), kernel: 1, activation: .relu)
    let logits = builder.exactConvolution(
      name + "_excite", variable: variable + ".fc2", of: squeezed, to: channels, kernel: 1)
    return builder.graph.add(ChannelGate(name + "_gate"), to: map, logits)
  }
}

extension NetworkBuilder {
  /// Appends the extra feature layers of SSDLite: pointwise to few channels, depthwise with stride 2, pointwise; each with batch normalisation and
  /// ReLU6.
  ///
  /// - Returns: the last map of every triple.
  mutating func separableExtraLayers(
    behind map: LayerGraph.Map, _ channels: [(squeezed: Int, channels: Int)], _ layers: NormalizedLayers,
    names: (_ index: Int, _ part: Int) -> String
  ) -> [LayerGraph.Map] {
    var map = map
    return channels.enumerated().map { index, channels in
      let name = "extra\(index + 1)"
      func variables(_ part: Int) -> (kernel: String, normalization: String) {
        layers.names.parts(of: names(index, part))
      }
      map = normalizedConvolution(
        name + "_1", variables(0), of: map, to: scaled(channels.squeezed), layers, activation: .relu6)
      map = depthwise(name + "_2", variables(1), of: map, stride: 2, layers, activation: .relu6)
      map = normalizedConvolution(
        name + "_3", variables(2), of: map, to: scaled(channels.channels), layers, activation: .relu6)
      return map
    }
  }
}
