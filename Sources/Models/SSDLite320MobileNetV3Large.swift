import Detection
import Layers

extension Architecture {
  /// SSDLite with 320×320 input on MobileNetV3-Large: with the reduced tail that torchvision has published weights of, and with the full tail of its
  /// classifier.
  ///
  /// ### Source
  /// Howard et al. 2019, *Searching for MobileNetV3*; torchvision's `ssdlite320_mobilenet_v3_large`. Variable names are its.
  static let ssdLite320MobileNetV3Large = [
    ssdLite320MobileNetV3Large("reduced-tail", tailDivisor: 2), ssdLite320MobileNetV3Large("full-tail", tailDivisor: 1),
  ]

  private static func ssdLite320MobileNetV3Large(_ variant: String, tailDivisor: Int) -> Architecture {
    Architecture(
      name: "ssdlite320-mobilenet-v3-large", variant: variant,
      input: ImageInput(height: 320, width: 320, mean: [127.5, 127.5, 127.5], scale: 1 / 127.5),
      base: Base(
        firstNewLayer: "extra1_1", lastTensor: "backbone.features.1.3.0.weight",
        firstNewTensor: "backbone.extra.0.0.0.weight", names: [.torchvisionMobileNetV3Large]),
      defaultBoxes: [DefaultBoxPreset(name: "torchvision", layout: .torchvisionLite320)],
      predictor: .torchvision(
        .separable(
          SeparablePredictor(
            settings: liteNormalization, hasDepthwiseBias: false, isLastPointwise: false,
            names: (".0.0", ".0.1", ".1")))),
      smallestNormalizedMap: 1,
      usualLearningRate: 0.025,
      published: PublishedWeights(
        name: "torchvision ssdlite320_mobilenet_v3_large",
        settings: [
          ("model.variant", variant), ("model.matching", "argmax"), ("evaluation.score_threshold", "0.001"),
          ("evaluation.nms_threshold", "0.55"), ("evaluation.top_k", "300"), ("evaluation.keep", "300"),
          ("evaluation.clip", "before-nms"),
        ]),
      build: { builder in
        let layers = NormalizedLayers(settings: liteNormalization, names: .numbered)
        let base = MobileNetV3Large(&builder, layers, tailDivisor: tailDivisor)
        return [base.expansion, base.last]
          + builder.separableExtraLayers(
            behind: base.last, [(256, 512), (128, 256), (128, 256), (64, 128)], layers
          ) { index, part in "backbone.extra.\(index).\(part)" }
      })
  }
}

/// The MobileNetV3-Large base network, cut in two behind the expansion of block 13, as torchvision's SSDLite names its parts.
struct MobileNetV3Large {
  /// The expansion of block 13, of stride 16.
  let expansion: LayerGraph.Map
  /// The last map, of stride 32.
  let last: LayerGraph.Map

  private typealias Block = (
    kernel: Int, stride: Int, expanded: Int, channels: Int, isGated: Bool, activation: Activation
  )

  private static func blocks(tailDivisor: Int) -> [Block] {
    let (wide, narrow) = (960 / tailDivisor, 160 / tailDivisor)
    return [
      (3, 1, 16, 16, false, .relu), (3, 2, 64, 24, false, .relu), (3, 1, 72, 24, false, .relu),
      (5, 2, 72, 40, true, .relu), (5, 1, 120, 40, true, .relu), (5, 1, 120, 40, true, .relu),
      (3, 2, 240, 80, false, .hardSwish), (3, 1, 200, 80, false, .hardSwish), (3, 1, 184, 80, false, .hardSwish),
      (3, 1, 184, 80, false, .hardSwish), (3, 1, 480, 112, true, .hardSwish), (3, 1, 672, 112, true, .hardSwish),
      (5, 2, 672, narrow, true, .hardSwish), (5, 1, wide, narrow, true, .hardSwish),
      (5, 1, wide, narrow, true, .hardSwish),
    ]
  }

  /// The block in front of which the finest source map is.
  private static let cut = 13

  /// Appends the base network.
  ///
  /// - Parameter tailDivisor: what the channels behind the finest source map are divided by.
  init(_ builder: inout NetworkBuilder, _ layers: NormalizedLayers, tailDivisor: Int) {
    var map = builder.normalizedConvolution(
      "conv0", layers.names.parts(of: "backbone.features.0.0"), of: builder.graph.input, to: builder.scaled(16),
      kernel: 3, stride: 2, layers, activation: .hardSwish)
    var expansion = map
    for (index, block) in Self.blocks(tailDivisor: tailDivisor).enumerated() {
      let number = index + 1
      let expands = builder.scaled(block.expanded) != builder.graph.shape(map).channels
      let (wide, output) = InvertedResidual(
        expanded: builder.scaled(block.expanded), channels: builder.scaled(block.channels), kernel: block.kernel,
        stride: block.stride, isGated: block.isGated, activation: block.activation
      ).append(
        "block\(number)", Self.names(number, expands: expands, isGated: block.isGated, layers.names), to: map, layers,
        &builder)
      if number == Self.cut { expansion = wide }
      map = output
    }
    self.expansion = expansion
    last = builder.normalizedConvolution(
      "conv16", layers.names.parts(of: "backbone.features.1.3"), of: map,
      to: 6 * builder.graph.shape(map).channels, layers, activation: .hardSwish)
  }

  private static func names(
    _ number: Int, expands: Bool, isGated: Bool, _ names: NormalizedLayers.Names
  ) -> InvertedResidual.Names {
    let block = number < cut ? "backbone.features.0.\(number).block." : "backbone.features.1.\(number - cut).block."
    // Block 13 is cut: its first part ends the first half of the network, the others begin the second.
    let isCut = number == cut
    func part(_ index: Int) -> String { isCut ? "backbone.features.1.0.\(index)" : block + "\(index)" }
    var next = expands ? 1 : 0
    func following() -> String {
      defer { next += 1 }
      return part(next)
    }
    let depthwise = names.parts(of: following())
    let gate = isGated ? following() : ""
    return InvertedResidual.Names(
      expand: expands ? names.parts(of: isCut ? "backbone.features.0.\(cut)" : part(0)) : nil, depthwise: depthwise,
      gate: gate, project: names.parts(of: following()))
  }
}

extension DefaultBoxLayout {
  /// torchvision's SSDLite: scales 0.2 … 1 of 320 pixels, cells as far apart as the map divides the image, width and height clipped, 3234 boxes.
  static let torchvisionLite320 = mobileNet(
    side: 320, cells: [20, 10, 5, 3, 2, 1], steps: [20, 10, 5, 3, 2, 1].map { 320 / $0 },
    sizes: [64, 112, 160, 208, 256, 304, 320], clipping: .size)
}
