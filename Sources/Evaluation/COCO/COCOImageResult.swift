import Detection

/// An annotated object as COCO's metric sees it.
package struct COCOObject: Sendable, Equatable {
  /// Where the object is.
  package var box: COCOBox
  /// Class index, 1 … classes.
  package var label: Int
  /// Pixels of the object's outline, which decide whether it is small, medium or large.
  package var area: Double
  /// Many objects that were not told apart: any number of detections may lie in it, none of which counts.
  package var isCrowd: Bool
  /// Not to be found: the one detection that is matched with it does not count.
  package var isIgnored: Bool
  /// Whether a match with it counts as one. pycocotools takes the annotation number 0 for "no match", so that the object
  /// with this number is never found and its detection is false.
  package var isCreditable: Bool

  /// Creates an annotation.
  package init(
    box: COCOBox, label: Int, area: Double, isCrowd: Bool = false, isIgnored: Bool = false, isCreditable: Bool = true
  ) {
    self.box = box
    self.label = label
    self.area = area
    self.isCrowd = isCrowd
    self.isIgnored = isIgnored
    self.isCreditable = isCreditable
  }

  /// Takes over an annotation; without a stated area the box's counts, and a difficult object is ignored.
  package init(_ object: PixelGroundTruth) {
    let box = COCOBox(object.box)
    self.init(
      box: box, label: object.label, area: object.area ?? box.area, isCrowd: object.isCrowd,
      isIgnored: object.isDifficult, isCreditable: object.isCreditable)
  }
}

/// A detected object as COCO's metric sees it.
package struct COCODetection: Sendable, Equatable {
  /// Where the object is.
  package var box: COCOBox
  /// Class index, 1 … classes.
  package var label: Int
  /// Confidence that orders the detections; only comparisons matter.
  package var score: Double

  /// Creates a detection.
  package init(box: COCOBox, label: Int, score: Double) {
    self.box = box
    self.label = label
    self.score = score
  }

  /// Takes over a detection.
  package init(_ detection: PixelDetection) {
    self.init(box: COCOBox(detection.box), label: detection.label, score: detection.score)
  }
}

/// What is known about one image: its objects and what the detector found.
package struct COCOImageResult: Sendable, Equatable {
  /// Position of the image among those evaluated; orders images whatever process looked at them.
  package var imageIndex: Int
  /// Annotated objects.
  package var objects: [COCOObject]
  /// Detected objects.
  package var detections: [COCODetection]

  /// Creates the result of an image.
  package init(imageIndex: Int, objects: [COCOObject], detections: [COCODetection]) {
    self.imageIndex = imageIndex
    self.objects = objects
    self.detections = detections
  }

  /// Takes over the result of an image.
  package init(_ image: ImageResult) {
    self.init(
      imageIndex: image.imageIndex, objects: image.groundTruth.map { COCOObject($0) },
      detections: image.detections.map { COCODetection($0) })
  }
}

extension ImageResult {
  /// Takes over the result of an image.
  package init(_ image: COCOImageResult) {
    self.init(
      imageIndex: image.imageIndex,
      groundTruth: image.objects.map {
        PixelGroundTruth(
          box: PixelBox($0.box), label: $0.label, isDifficult: $0.isIgnored, isCrowd: $0.isCrowd, area: $0.area,
          isCreditable: $0.isCreditable)
      },
      detections: image.detections.map { PixelDetection(box: PixelBox($0.box), label: $0.label, score: $0.score) })
  }
}
