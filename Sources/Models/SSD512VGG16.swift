import Detection
import Layers

extension Architecture {
  /// SSD with 512×512 input on VGG-16: seven maps.
  ///
  /// ### Source
  /// Liu et al. 2016, section 3.4, with the layers of the authors' release: all extra layers but the last halve the map, and the last one
  /// has a kernel of 4.
  package static let ssd512VGG16 = Architecture(
    name: "ssd512-vgg16",
    input: ImageInput(height: 512, width: 512, mean: VGG16.inputMean),
    base: VGG16.base,
    defaultBoxes: [
      DefaultBoxPreset(name: "caffe-voc", layout: .caffeVOC512),
      DefaultBoxPreset(name: "caffe-coco", layout: .caffeCOCO512),
      DefaultBoxPreset(name: "voc", layout: .voc512), DefaultBoxPreset(name: "coco", layout: .coco512),
    ],
    predictor: .torchvision(.convolution),
    published: nil,
    build: { builder in
      let base = VGG16(&builder)
      return [base.conv4, base.conv7]
        + builder.extraFeatureLayers(
          behind: base.conv7,
          [
            ExtraFeaturePair(number: 8, squeezed: 256, channels: 512, stride: 2, padding: 1),
            ExtraFeaturePair(number: 9, squeezed: 128, channels: 256, stride: 2, padding: 1),
            ExtraFeaturePair(number: 10, squeezed: 128, channels: 256, stride: 2, padding: 1),
            ExtraFeaturePair(number: 11, squeezed: 128, channels: 256, stride: 2, padding: 1),
            ExtraFeaturePair(number: 12, squeezed: 128, channels: 256, kernel: 4, padding: 1),
          ])
    })
}

extension DefaultBoxLayout {
  /// SSD512 for Pascal VOC: 7 % of the side on the first map, then 15 to 90 % in steps of 15; unclipped, 24,564 boxes.
  package static let voc512 = ssd512(sizes: [35.84, 76.8, 153.6, 230.4, 307.2, 384, 460.8, 537.6])

  /// SSD512 for COCO: 4 % of the side on the first map, then 10 to 90 % in steps of 16; unclipped, 24,564 boxes.
  package static let coco512 = ssd512(sizes: [20.48, 51.2, 133.12, 215.04, 296.96, 378.88, 460.8, 542.72])

  /// ``voc512`` as the authors' release computes it, which keeps sizes as whole numbers.
  package static let caffeVOC512 = ssd512(sizes: [35, 76, 153, 230, 307, 384, 460, 537])

  /// ``coco512`` as the authors' release computes it, which keeps sizes as whole numbers.
  package static let caffeCOCO512 = ssd512(sizes: [20, 51, 133, 215, 296, 378, 460, 542])

  /// The maps of SSD512. A map's maximum size is the minimum size of the next one.
  private static func ssd512(sizes: [Double]) -> DefaultBoxLayout {
    let cells = [64, 32, 16, 8, 4, 2, 1]
    let aspectRatios: [[Double]] = [[2], [2, 3], [2, 3], [2, 3], [2, 3], [2], [2]]
    return DefaultBoxLayout(
      validImageHeight: 512, imageWidth: 512,
      featureMaps: cells.indices.map { map in
        FeatureMap(
          rows: cells[map], columns: cells[map], step: 512 / Double(cells[map]), minimumSize: sizes[map],
          maximumSize: sizes[map + 1], aspectRatios: aspectRatios[map])
      },
      clipping: .none)
  }
}
