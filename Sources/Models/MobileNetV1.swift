import Layers

/// The MobileNetV1 base network: depthwise convolutions and pointwise ones in turn, each with batch normalisation.
///
/// ### Source
/// Howard et al. 2017, *MobileNets*, table 1, without the classifier. Variable names are those of qfgaohao/pytorch-ssd.
struct MobileNetV1 {
  /// What tells one training of the network from another.
  struct Variant {
    /// Of all convolutions.
    var activation = Activation.relu
    /// Of the normalisations.
    var epsilon: Float = 1e-5
    /// Whether strided layers have TensorFlow's padding.
    var hasSamePadding = false

    /// TensorFlow's release.
    static let tensorFlow = Variant(activation: .relu6, epsilon: 1e-3, hasSamePadding: true)
  }

  /// The map of stride 16: of block 11.
  let middle: LayerGraph.Map
  /// The map of stride 32: of block 13.
  let last: LayerGraph.Map

  /// Channels and stride of the blocks, from the first on.
  private static let blocks: [(channels: Int, stride: Int)] =
    [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + Array(repeating: (512, 1), count: 5)
    + [(1024, 2), (1024, 1)]
  private static let middleBlock = 11

  /// Appends the base network. Its two maps are computed: the predictors behind them cannot normalise what they read.
  init(_ builder: inout NetworkBuilder, _ variant: Variant) {
    let layers = NormalizedLayers(
      settings: BatchNormalization.Settings(epsilon: variant.epsilon),
      strided: { variant.hasSamePadding ? .same : .symmetric($0 / 2) }, names: .numbered)
    var map = builder.normalizedConvolution(
      "conv0", ("base_net.0.0", "base_net.0.1"), of: builder.graph.input, to: builder.scaled(32), kernel: 3, stride: 2,
      layers, activation: variant.activation)
    var middle = map
    for (index, block) in Self.blocks.enumerated() {
      let (number, name) = (index + 1, "base_net.\(index + 1)")
      map = builder.depthwise(
        "block\(number)_depthwise", (name + ".0", name + ".1"), of: map, stride: block.stride, layers,
        activation: variant.activation)
      map = builder.normalizedConvolution(
        "block\(number)_pointwise", (name + ".3", name + ".4"), of: map, to: builder.scaled(block.channels), layers,
        activation: variant.activation, isComputed: number == Self.middleBlock || number == Self.blocks.count)
      if number == Self.middleBlock { middle = map }
    }
    self.middle = middle
    last = map
  }
}
