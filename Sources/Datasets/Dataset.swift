import Detection

/// Annotated images of one split, whatever format they were read from.
///
/// Reading checks everything that can be checked without decoding the images, so that a broken file is found before
/// training starts and not in its third hour.
package struct Dataset: Sendable {
  /// The classes; `classNames[0]` is label 1, because label 0 is background.
  package let classNames: [String]
  /// The images in the order of the split.
  package let images: [AnnotatedImage]
  /// What was found wrong while reading.
  package let faults: FaultLog
  /// How COCO's files refer to images and classes; nothing for other formats, and for files that contradict each other.
  package let cocoIdentifiers: COCOIdentifiers?

  /// Joins images with the names of their labels.
  ///
  /// - Precondition: every label is 1 … `classNames.count`; identifiers of COCO are those of the images and classes.
  package init(
    classNames: [String], images: [AnnotatedImage], faults: FaultLog = FaultLog(.stopAtFirstError),
    cocoIdentifiers: COCOIdentifiers? = nil
  ) {
    for image in images {
      for object in image.objects {
        let label = object.groundTruth.label
        precondition(
          (1...classNames.count).contains(label), "\(image.identifier): label \(label) of \(classNames.count) classes")
      }
    }
    self.classNames = classNames
    if let cocoIdentifiers {
      let counts = (cocoIdentifiers.images.count, cocoIdentifiers.categories.count)
      precondition(
        counts == (images.count, classNames.count),
        "\(counts) numbers of COCO for \(images.count) images and \(classNames.count) classes")
    }
    self.images = images
    self.faults = faults
    self.cocoIdentifiers = cocoIdentifiers
  }

  /// How many objects there are of each class, label 1 first; crowds do not count.
  package var objectCounts: [Int] {
    images.lazy.flatMap(\.objects).reduce(into: [Int](repeating: 0, count: classNames.count)) { counts, object in
      if !object.isCrowd { counts[object.groundTruth.label - 1] += 1 }
    }
  }

  /// Makes sure that there is an image.
  ///
  /// - Parameters:
  ///   - split: what messages call the data set.
  ///   - purpose: what the images are for, as "train on".
  /// - Throws: `DatasetError`, with the first of the images that cannot be read when that is why.
  package func requireImages(of split: String, to purpose: String) throws(DatasetError) {
    guard images.isEmpty else { return }
    guard let first = faults.faults.first(where: { $0.kind == .brokenImage }) else {
      throw DatasetError(file: split, reason: "the split has no image to \(purpose)")
    }
    let count = faults.counts[.brokenImage, default: 0]
    let reason =
      "every image is damaged; none is left to \(purpose)\(count > 1 ? " (\(count) cannot be read; the first: " : " (")\(first))"
    throw DatasetError(file: split, reason: reason)
  }

  /// What was repaired or dropped while reading, one line each, naming file and line.
  package var warnings: [String] { faults.lines }

  /// `warnings`, and how many images have nothing to train on.
  ///
  /// Such images stay in the training set, so that an epoch is the split as it was given; they contribute no positives,
  /// no negatives and zero loss.
  package func trainingWarnings(difficult policy: DifficultPolicy) -> [String] {
    let count = images.count { $0.trainingObjects(difficult: policy).isEmpty }
    if count == 0 { return warnings }
    return warnings + [
      "\(count) of \(images.count) training images have no usable box and contribute nothing to the loss"
    ]
  }
}

/// An image file and the objects annotated in it.
package struct AnnotatedImage: Sendable, Equatable {
  /// The image's name within the data set, unique there.
  package let identifier: String
  /// The image file.
  package let imagePath: String
  /// The file that holds the image's annotation.
  package let annotationPath: String
  /// Columns of the image file.
  package let width: Int
  /// Rows of the image file.
  package let height: Int
  /// The usable objects, in the order of the annotation, whatever their difficulty.
  package let objects: [AnnotatedObject]

  /// Joins an image file with its objects.
  package init(
    identifier: String, imagePath: String, annotationPath: String, width: Int, height: Int, objects: [AnnotatedObject]
  ) {
    self.identifier = identifier
    self.imagePath = imagePath
    self.annotationPath = annotationPath
    self.width = width
    self.height = height
    self.objects = objects
  }
}

/// One object of an image, in exact pixels and in fractions of the image side.
package struct AnnotatedObject: Sendable, Equatable {
  /// The object as training sees it: fractions of the image side, rounded to `Float`.
  package internal(set) var groundTruth: GroundTruth
  /// The object's box in pixels of the image, exact; metrics compare in pixels.
  package let pixelBox: PixelBox
  /// Whether the box is around many objects that were not told apart (COCO): nothing to train on, ignored by metrics.
  package let isCrowd: Bool
  /// Pixels of the object's outline, where the annotation states them (COCO); a metric of sizes goes by it.
  package let area: Double?
  /// Whether it is the annotation number 0 of its file (COCO), which pycocotools never takes for found.
  package let isNumberedZero: Bool

  /// Normalises a pixel box by the size of its image.
  ///
  /// - Parameters:
  ///   - pixelBox: the box, within the image.
  ///   - label: class, 1 … classes.
  ///   - isDifficult: marked as hard to recognise by the annotator.
  ///   - isCrowd: see ``isCrowd``.
  ///   - area: see ``area``.
  ///   - isNumberedZero: see ``isNumberedZero``.
  ///   - width: columns of the image.
  ///   - height: rows of the image.
  package init(
    pixelBox: PixelBox, label: Int, isDifficult: Bool, isCrowd: Bool = false, area: Double? = nil,
    isNumberedZero: Bool = false, width: Int, height: Int
  ) {
    self.pixelBox = pixelBox
    self.isCrowd = isCrowd
    self.area = area
    self.isNumberedZero = isNumberedZero
    groundTruth = GroundTruth(
      box: CornerBox(
        xMin: Float(pixelBox.xMin / Double(width)), yMin: Float(pixelBox.yMin / Double(height)),
        xMax: Float(pixelBox.xMax / Double(width)), yMax: Float(pixelBox.yMax / Double(height))),
      label: label, isDifficult: isDifficult)
  }
}
