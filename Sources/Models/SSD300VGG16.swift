import Detection

extension Architecture {
  /// SSD with 300×300 input on VGG-16.
  ///
  /// ### Source
  /// Liu et al. 2016, figure 2, with the numbers of the authors' release. The mean is the release's (123, 117, 104) as torchvision
  /// writes them, 255 · (0.48235, 0.45882, 0.40784), so that its weights give its results to the last digits.
  package static let ssd300VGG16 = Architecture(
    name: "ssd300-vgg16",
    input: ImageInput(height: 300, width: 300, mean: VGG16.inputMean),
    base: VGG16.base,
    defaultBoxes: [
      DefaultBoxPreset(name: "caffe-voc", layout: .caffeVOC), DefaultBoxPreset(name: "caffe-coco", layout: .caffeCOCO),
      DefaultBoxPreset(name: "torchvision", layout: .torchvision),
    ],
    predictor: .torchvision(.convolution),
    published: PublishedWeights(
      name: "torchvision ssd300_vgg16",
      settings: [
        ("model.default_boxes", "torchvision"), ("model.matching", "argmax"), ("evaluation.clip", "before-nms"),
      ]),
    build: { builder in
      let base = VGG16(&builder)
      return [base.conv4, base.conv7]
        + builder.extraFeatureLayers(
          behind: base.conv7,
          [
            ExtraFeaturePair(number: 8, squeezed: 256, channels: 512, stride: 2, padding: 1),
            ExtraFeaturePair(number: 9, squeezed: 128, channels: 256, stride: 2, padding: 1),
            ExtraFeaturePair(number: 10, squeezed: 128, channels: 256),
            ExtraFeaturePair(number: 11, squeezed: 128, channels: 256),
          ])
    })
}

extension DefaultBoxLayout {
  /// SSD300 for Pascal VOC in the authors' release: sizes 30 … 315 pixels, unclipped, 8732 boxes.
  package static let caffeVOC = ssd300(sizes: [30, 60, 111, 162, 213, 264, 315], clipping: .none)

  /// SSD300 for COCO in the authors' release: sizes 21 … 315 pixels, unclipped, 8732 boxes.
  package static let caffeCOCO = ssd300(sizes: [21, 45, 99, 153, 207, 261, 315], clipping: .none)

  /// torchvision's `ssd300_vgg16`: scales 0.07 … 1.05 of 300 pixels, width and height clipped, 8732 boxes.
  package static let torchvision = ssd300(sizes: [21, 45, 99, 153, 207, 261, 315], clipping: .size)

  /// The maps of SSD300. A map's maximum size is the minimum size of the next one.
  private static func ssd300(sizes: [Double], clipping: Clipping) -> DefaultBoxLayout {
    let cells = [38, 19, 10, 5, 3, 1]
    let steps: [Double] = [8, 16, 32, 64, 100, 300]
    let aspectRatios: [[Double]] = [[2], [2, 3], [2, 3], [2, 3], [2], [2]]
    return DefaultBoxLayout(
      validImageHeight: 300, imageWidth: 300,
      featureMaps: cells.indices.map { map in
        FeatureMap(
          rows: cells[map], columns: cells[map], step: steps[map], minimumSize: sizes[map],
          maximumSize: sizes[map + 1], aspectRatios: aspectRatios[map])
      },
      clipping: clipping)
  }
}
