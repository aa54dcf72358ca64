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
      firstNewLayer: "extra1_expand", lastTensor: "base_net.18.0.weight", firstNewTensor: "extras.0.conv.0.weight",
      names: [
        .withoutPrefix("base_net.", origin: "qfgaohao mb2-imagenet"), .torchvisionMobileNetV2(.pytorchSSD),
        .tonylinsMobileNetV2(.pytorchSSD),
      ]),
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
      let base = MobileNetV2(&builder, layers, .pytorchSSD)
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
    input: .imageNet(height: 320, width: 320),
    base: Base(
      firstNewLayer: "extra1_1", lastTensor: "backbone.conv2.conv.weight",
      firstNewTensor: "neck.extra_layers.0.0.conv.weight",
      names: [.torchvisionMobileNetV2(.mmdetection), .tonylinsMobileNetV2(.mmdetection)]),
    defaultBoxes: [DefaultBoxPreset(name: "mmdetection", layout: .mmdetection320)],
    predictor: Predictor(
      kind: .separable(
        SeparablePredictor(
          settings: liteNormalization, hasDepthwiseBias: false, isLastPointwise: false,
          names: (".0.conv", ".0.bn", ".1"))), locations: "bbox_head.reg_convs", confidences: "bbox_head.cls_convs"),
    smallestNormalizedMap: 1,
    usualLearningRate: 0.01,
    published: PublishedWeights(
      name: "mmdetection ssdlite_mobilenetv2",
      settings: [
        ("model.matching", "argmax"), ("evaluation.score_threshold", "0.02"), ("evaluation.nms_threshold", "0.45"),
        ("evaluation.top_k", "1000"), ("evaluation.clip", "before-nms"),
      ], hasBackgroundLast: true),
    build: { builder in
      let layers = NormalizedLayers(settings: liteNormalization, names: .named)
      let base = MobileNetV2(&builder, layers, .mmdetection)
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
