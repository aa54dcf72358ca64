import Detection
import Layers

extension Architecture {
  /// SSDLite with 300×300 input on MobileNetV2; the finest source map is the expansion of block 14, as in the paper.
  ///
  /// ### Source
  /// qfgaohao/pytorch-ssd, `mobilenet_v2_ssd_lite.py`; variable names are its.
  static let ssd300MobileNetV2Lite = Architecture(
    name: "ssd300-mobilenet-v2-lite",
    input: ImageInput(height: 300, width: 300, mean: [127, 127, 127], scale: 1 / 128),
    base: Base(
      firstNewLayer: "extra1_expand", lastTensor: "base_net.18.0.weight", firstNewTensor: "extras.0.conv.0.weight"),
    defaultBoxes: [DefaultBoxPreset(name: "pytorch-ssd", layout: .pytorchSSD300)],
    predictor: Predictor(
      kind: .separable(
        SeparablePredictor(
          settings: BatchNormalization.Settings(), hasDepthwiseBias: true, isLastPointwise: true,
          names: (".0", ".1", ".3"))), locations: "regression_headers", confidences: "classification_headers"),
    smallestNormalizedMap: 1,
    usualLearningRate: 0.01,
    published: PublishedWeights(name: "qfgaohao mb2-ssd-lite", settings: .pytorchSSD),
    build: { builder in
      let layers = NormalizedLayers(settings: BatchNormalization.Settings(), names: .numbered)
      func parts(_ name: String, _ kernel: Int) -> (kernel: String, normalization: String) {
        ("\(name).conv.\(kernel)", "\(name).conv.\(kernel + 1)")
      }
      let base = MobileNetV2(
        &builder, layers,
        MobileNetV2.Names(
          first: ("base_net.0.0", "base_net.0.1"),
          block: { number, _, _, part in
            // The first block has no expansion.
            let place = part == .expand ? 0 : part == .depthwise ? (number == 1 ? 0 : 3) : (number == 1 ? 3 : 6)
            return parts("base_net.\(number)", place)
          }, last: ("base_net.18.0", "base_net.18.1")))
      var maps = [base.expansion, base.last]
      for (index, channels) in [(256, 512), (128, 256), (128, 256), (64, 64)].enumerated() {
        let block = InvertedResidual(
          expanded: builder.scaled(channels.0), channels: builder.scaled(channels.1), stride: 2)
        let name = "extras.\(index)"
        maps.append(
          block.append(
            "extra\(index + 1)",
            InvertedResidual.Names(expand: parts(name, 0), depthwise: parts(name, 3), project: parts(name, 6)),
            to: maps[maps.count - 1], layers, &builder
          ).output)
      }
      return maps
    })

  /// SSDLite with 320×320 input on MobileNetV2; the finest source map is the output of block 13.
  ///
  /// ### Source
  /// mmdetection 3.3.0, `ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py`; variable names are its.
  static let ssd320MobileNetV2Lite = Architecture(
    name: "ssd320-mobilenet-v2-lite",
    input: ImageInput(
      height: 320, width: 320, mean: [123.675, 116.28, 103.53], scale: [1 / 58.395, 1 / 57.12, 1 / 57.375]),
    base: Base(
      firstNewLayer: "extra1_1", lastTensor: "backbone.conv2.conv.weight",
      firstNewTensor: "neck.extra_layers.0.0.conv.weight"),
    defaultBoxes: [DefaultBoxPreset(name: "mmdetection", layout: .mmdetection320)],
    predictor: Predictor(
      kind: .separable(
        SeparablePredictor(
          settings: liteNormalization, hasDepthwiseBias: false, isLastPointwise: false,
          names: (".0.conv", ".0.bn", ".1"))), locations: "bbox_head.reg_convs", confidences: "bbox_head.cls_convs"),
    smallestNormalizedMap: 1,
    usualLearningRate: 0.01,
    published: nil,
    build: { builder in
      let layers = NormalizedLayers(settings: liteNormalization, names: .named)
      let names = NormalizedLayers.Names.named
      let base = MobileNetV2(
        &builder, layers,
        MobileNetV2.Names(
          first: names.parts(of: "backbone.conv1"),
          block: { _, stage, index, part in
            let suffix = part == .expand ? "expand_conv" : part == .depthwise ? "depthwise_conv" : "linear_conv"
            return names.parts(of: "backbone.layer\(stage).\(index).\(suffix)")
          }, last: names.parts(of: "backbone.conv2")))
      return [base.middle, base.last]
        + builder.separableExtraLayers(
          behind: base.last, [(256, 512), (128, 256), (128, 256), (64, 128)], layers
        ) { index, part in
          "neck.extra_layers.\(index)." + ["0", "1.depthwise_conv", "1.pointwise_conv"][part]
        }
    })

  /// Of mmdetection's and torchvision's SSDLite.
  static let liteNormalization = BatchNormalization.Settings(epsilon: 1e-3, momentum: 0.03)
}

extension DefaultBoxLayout {
  /// mmdetection's SSDLite: sizes 48 … 320 pixels of 320, unclipped, 3234 boxes.
  static let mmdetection320 = mobileNet(
    side: 320, cells: [20, 10, 5, 3, 2, 1], steps: [16, 32, 64, 107, 160, 320],
    sizes: [48, 100, 150, 202, 253, 304, 320], clipping: .none)
}
