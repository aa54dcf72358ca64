import Datasets
import Detection
import Foundation
import Synthetic
import TestSupport
import Testing

/// One data set in the files of many annotation programs.
struct DatasetExportTests {
  /// What an image has in every export.
  private struct Content: Equatable {
    let width: Int
    let height: Int
    let labels: [Int]
    /// In pixels, exact.
    let boxes: [PixelBox]
    /// In fractions of the image, as the network is taught them.
    let fractions: [CornerBox]

    init(_ image: AnnotatedImage) {
      (width, height) = (image.width, image.height)
      (labels, boxes) = (image.objects.map(\.groundTruth.label), image.objects.map(\.pixelBox))
      fractions = image.objects.map(\.groundTruth.box)
    }
  }

  private func contents(_ dataset: Dataset) -> [String: Content] {
    Dictionary(
      uniqueKeysWithValues: dataset.images.map {
        (URL(fileURLWithPath: $0.imagePath).deletingPathExtension().lastPathComponent, Content($0))
      })
  }

  @Test func `100 drawn images have the same objects in Pascal VOC, COCO and YOLO`() throws {
    let directory = try TemporaryDirectory()
    try SyntheticDataset(images: 100, seed: 14).write(to: directory.path + "/shapes")
    var images: [AnnotatedImage] = []
    for split in ["trainval", "test"] {
      images += try Dataset.pascalVOC(
        roots: [directory.path + "/shapes"], split: split, classes: SyntheticDataset.classNames
      ).images
    }
    let drawn = Dataset(classNames: SyntheticDataset.classNames, images: images)
    let expected = contents(drawn)
    #expect(expected.count == 100 && expected.values.map(\.boxes.count).reduce(0, +) > 200)
    for kind in DatasetExport.Kind.allCases {
      let export = try DatasetExport(drawn, as: kind, to: "\(directory.path)/\(kind.rawValue)")
      let dataset = try Dataset(
        export.format, [DatasetSource(root: export.root, split: export.split)],
        classes: export.namesClasses ? nil : SyntheticDataset.classNames)
      #expect(dataset.classNames == drawn.classNames && contents(dataset) == expected, "\(kind)")
      // The outline of Roboflow's and Label Studio's projects is the only thing to be told.
      #expect(
        dataset.warnings.allSatisfy {
          $0.contains("supercategory") || $0.contains("is found as") || $0.contains("group")
        }, "\(kind): \(dataset.warnings)")
    }
  }
}
