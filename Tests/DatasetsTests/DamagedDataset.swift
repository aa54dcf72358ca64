import Datasets
import Testing

/// What must hold of data sets that were read from damaged files.
enum DamagedDataset {
  /// Reads a data set as training and as the doctor does; false when training would refuse it.
  static func isTaken(_ format: DatasetFormat, _ root: String, _ split: String) throws -> Bool {
    let sources = [DatasetSource(root: root, split: split)]
    expectSense(try Dataset(format, sources, faults: .listAll))
    do {
      expectSense(try Dataset(format, sources))
      return true
    } catch is DatasetError {
      return false
    }
  }

  /// Expects boxes inside their images, and labels of classes.
  private static func expectSense(_ dataset: Dataset, sourceLocation: SourceLocation = #_sourceLocation) {
    for image in dataset.images {
      for object in image.objects {
        let box = object.pixelBox
        let isInside =
          0 <= box.xMin && box.xMin < box.xMax && box.xMax <= Double(image.width) && 0 <= box.yMin
          && box.yMin < box.yMax
          && box.yMax <= Double(image.height)
        #expect(
          isInside && (1...dataset.classNames.count).contains(object.groundTruth.label), "\(box)",
          sourceLocation: sourceLocation)
      }
    }
  }
}
