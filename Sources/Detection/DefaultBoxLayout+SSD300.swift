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
