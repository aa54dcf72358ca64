import Layers

/// The MobileNetV2 base network.
///
/// ### Source
/// Sandler et al. 2018, *MobileNetV2*, table 2, without the classifier.
struct MobileNetV2 {
  /// The expansion of block 14, of stride 16.
  let expansion: LayerGraph.Map
  /// The output of block 13, of stride 16.
  let middle: LayerGraph.Map
  /// The last map, of stride 32.
  let last: LayerGraph.Map

  /// The parts of blocks that have variables.
  enum Part: Sendable { case expand, depthwise, project }

  /// How names of variables begin.
  struct Names: Sendable {
    /// Of the first convolution.
    let first: (kernel: String, normalization: String)
    /// Of the parts of a block: its number from 1 on, its stage from 1 on, and its number in the stage from 0 on.
    let block: @Sendable (_ number: Int, _ stage: Int, _ index: Int, Part) -> (kernel: String, normalization: String)
    /// Of the last convolution.
    let last: (kernel: String, normalization: String)
  }

  /// Expansion, channels, blocks, and stride of the first block of each stage.
  private static let stages = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
  ]

  /// Of every block, its stage from 1 on and its number in the stage from 0 on.
  static var blocks: [(stage: Int, index: Int)] {
    stages.enumerated().flatMap { stage, setting in (0..<setting.2).map { (stage + 1, $0) } }
  }

  /// Appends the base network.
  init(_ builder: inout NetworkBuilder, _ layers: NormalizedLayers, _ names: Names) {
    var map = builder.normalizedConvolution(
      "conv0", names.first, of: builder.graph.input, to: builder.scaled(32), kernel: 3, stride: 2, layers,
      activation: .relu6)
    var number = 0
    var (middle, expansion) = (map, map)
    for (stage, (factor, channels, count, stride)) in Self.stages.enumerated() {
      for index in 0..<count {
        number += 1
        let block = InvertedResidual(
          expanded: factor * builder.graph.shape(map).channels, channels: builder.scaled(channels),
          stride: index == 0 ? stride : 1)
        let (wide, output) = block.append(
          "block\(number)",
          InvertedResidual.Names(
            expand: factor == 1 ? nil : names.block(number, stage + 1, index, .expand),
            depthwise: names.block(number, stage + 1, index, .depthwise),
            project: names.block(number, stage + 1, index, .project)), to: map, layers, &builder)
        map = output
        if number == 13 { middle = output }
        if number == 14 { expansion = wide }
      }
    }
    (self.middle, self.expansion) = (middle, expansion)
    // The last convolution does not become narrower than it was published.
    last = builder.normalizedConvolution(
      "conv18", names.last, of: map, to: max(1280, builder.scaled(1280)), layers, activation: .relu6)
  }
}

extension MobileNetV2.Names {
  /// qfgaohao/pytorch-ssd's.
  static let pytorchSSD = MobileNetV2.Names(
    first: ("base_net.0.0", "base_net.0.1"),
    block: { number, _, _, part in
      // The first block has no expansion.
      let place = part == .expand ? 0 : part == .depthwise ? (number == 1 ? 0 : 3) : (number == 1 ? 3 : 6)
      return ("base_net.\(number).conv.\(place)", "base_net.\(number).conv.\(place + 1)")
    }, last: ("base_net.18.0", "base_net.18.1"))

  /// mmdetection's.
  static let mmdetection: MobileNetV2.Names = {
    let names = NormalizedLayers.Names.named
    return MobileNetV2.Names(
      first: names.parts(of: "backbone.conv1"),
      block: { _, stage, index, part in
        let suffix = part == .expand ? "expand_conv" : part == .depthwise ? "depthwise_conv" : "linear_conv"
        return names.parts(of: "backbone.layer\(stage).\(index).\(suffix)")
      }, last: names.parts(of: "backbone.conv2"))
  }()
}
