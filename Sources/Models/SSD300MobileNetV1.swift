import Detection
import Layers

extension Architecture {
  /// SSD with 300×300 input on MobileNetV1, with PyTorch's and with TensorFlow's habits in the base.
  ///
  /// ### Source
  /// qfgaohao/pytorch-ssd, `mobilenetv1_ssd.py` and its configuration; the variant is for weights of TensorFlow's classifier.
  static let ssd300MobileNetV1 = [
    ssd300MobileNetV1(
      "pytorch", MobileNetV1.Variant(), ImageInput(height: 300, width: 300, mean: [127, 127, 127], scale: 1 / 128)),
    ssd300MobileNetV1(
      "tensorflow", .tensorFlow,
      ImageInput(height: 300, width: 300, mean: [127.5, 127.5, 127.5], scale: 1 / 127.5)),
  ]

  private static func ssd300MobileNetV1(
    _ name: String, _ variant: MobileNetV1.Variant, _ input: ImageInput
  ) -> Architecture {
    Architecture(
      name: "ssd300-mobilenet-v1", variant: name, input: input,
      base: Base(
        firstNewLayer: "extra1_1", lastTensor: "base_net.13.3.weight", firstNewTensor: "extras.0.0.weight",
        names: [.withoutPrefix("base_net.", origin: "qfgaohao mobilenet_v1")]),
      defaultBoxes: [DefaultBoxPreset(name: "pytorch-ssd", layout: .pytorchSSD300)],
      predictor: Predictor(
        kind: .convolution, locations: "regression_headers", confidences: "classification_headers"),
      smallestNormalizedMap: 100,
      usualLearningRate: 0.01,
      published: PublishedWeights(name: "qfgaohao mb1-ssd", settings: .pytorchSSD),
      build: { builder in
        let base = MobileNetV1(&builder, variant)
        var maps = [base.middle, base.last]
        for (index, channels) in [(256, 512), (128, 256), (128, 256), (128, 256)].enumerated() {
          let squeezed = builder.convolution(
            "extra\(index + 1)_1", variable: "extras.\(index).0", of: maps[maps.count - 1], to: channels.0, kernel: 1)
          maps.append(
            builder.convolution(
              "extra\(index + 1)_2", variable: "extras.\(index).2", of: squeezed, to: channels.1, kernel: 3, stride: 2,
              padding: 1))
        }
        return maps
      })
  }
}

extension [(key: String, value: String)] {
  /// How qfgaohao/pytorch-ssd matches and detects.
  static let pytorchSSD = [
    (key: "model.matching", value: "argmax"), ("evaluation.score_threshold", "0.01"),
    ("evaluation.nms_threshold", "0.45"), ("evaluation.top_k", "200"),
  ]
}

extension DefaultBoxLayout {
  /// SSD300 on a MobileNet: six maps of strides 16 to 300, sizes 60 … 330 pixels, clipped, 3000 boxes.
  static let pytorchSSD300 = mobileNet(
    side: 300, cells: [19, 10, 5, 3, 2, 1], steps: [16, 32, 64, 100, 150, 300],
    sizes: [60, 105, 150, 195, 240, 285, 330], clipping: .all)

  /// Six maps with boxes of ratios 2 and 3. A map's maximum size is the minimum size of the next one.
  static func mobileNet(
    side: Int, cells: [Int], steps: [Double], sizes: [Double], clipping: Clipping
  ) -> DefaultBoxLayout {
    DefaultBoxLayout(
      validImageHeight: side, imageWidth: side,
      featureMaps: cells.indices.map { map in
        FeatureMap(
          rows: cells[map], columns: cells[map], step: steps[map], minimumSize: sizes[map],
          maximumSize: sizes[map + 1], aspectRatios: [2, 3])
      },
      clipping: clipping)
  }
}
