import Detection

/// An annotated object in pixels of the original image.
///
/// The box should come from the annotation file, not by way of fractions of the image: single-precision rounding can move
/// an IoU across the threshold.
package struct PixelGroundTruth: Sendable, Equatable {
  /// Where the object is.
  package var box: PixelBox
  /// Class index, 1 … classes.
  package var label: Int
  /// Marked as hard to recognise by the annotator: finding it is neither rewarded nor punished.
  package var isDifficult: Bool
  /// Many objects that were not told apart (COCO): finding some of them is neither rewarded nor punished.
  package var isCrowd: Bool
  /// Pixels of the object's outline, where the annotation states them; COCO sorts objects by it into sizes.
  package var area: Double?
  /// Whether a match with it counts for COCO's metric, see ``COCOObject/isCreditable``.
  package var isCreditable: Bool

  /// Creates an annotation.
  package init(
    box: PixelBox, label: Int, isDifficult: Bool = false, isCrowd: Bool = false, area: Double? = nil,
    isCreditable: Bool = true
  ) {
    self.box = box
    self.label = label
    self.isDifficult = isDifficult
    self.isCrowd = isCrowd
    self.area = area
    self.isCreditable = isCreditable
  }

  /// Whether metrics leave it out of the objects to find.
  var isIgnored: Bool { isDifficult || isCrowd }
}

/// A detected object in pixels of the original image.
package struct PixelDetection: Sendable, Equatable {
  /// Where the object is.
  package var box: PixelBox
  /// Class index, 1 … classes.
  package var label: Int
  /// Confidence that orders the detections; only comparisons matter.
  package var score: Double

  /// Creates a detection.
  package init(box: PixelBox, label: Int, score: Double) {
    self.box = box
    self.label = label
    self.score = score
  }
}

/// What is known about one image: its objects and what the detector found.
package struct ImageResult: Sendable, Equatable {
  /// Position of the image in its split; orders images whatever process looked at them.
  package var imageIndex: Int
  /// Annotated objects.
  package var groundTruth: [PixelGroundTruth]
  /// Detected objects.
  package var detections: [PixelDetection]

  /// Creates the result of an image.
  package init(imageIndex: Int, groundTruth: [PixelGroundTruth], detections: [PixelDetection]) {
    self.imageIndex = imageIndex
    self.groundTruth = groundTruth
    self.detections = detections
  }
}

/// Why results cannot be evaluated. Images, objects and detections count from 0.
package enum EvaluationError: Error, Equatable, CustomStringConvertible {
  /// An image was added twice.
  case duplicateImage(imageIndex: Int)
  /// An annotated object has a class that does not exist.
  case unknownGroundTruthLabel(imageIndex: Int, object: Int, label: Int, objectClassCount: Int)
  /// A detection has a class that does not exist.
  case unknownDetectionLabel(imageIndex: Int, detection: Int, label: Int, objectClassCount: Int)
  /// The box of an annotated object is not finite.
  case groundTruthNotFinite(imageIndex: Int, object: Int)
  /// The box or score of a detection is not finite.
  case detectionNotFinite(imageIndex: Int, detection: Int)

  /// What is wrong, in a sentence for people.
  package var description: String {
    switch self {
    case .duplicateImage(let imageIndex):
      "image \(imageIndex) was evaluated twice"
    case .unknownGroundTruthLabel(let imageIndex, let object, let label, let objectClassCount):
      "image \(imageIndex), object \(object): label \(label) is not in 1 … \(objectClassCount)"
    case .unknownDetectionLabel(let imageIndex, let detection, let label, let objectClassCount):
      "image \(imageIndex), detection \(detection): label \(label) is not in 1 … \(objectClassCount)"
    case .groundTruthNotFinite(let imageIndex, let object):
      "image \(imageIndex), object \(object): the box is not finite"
    case .detectionNotFinite(let imageIndex, let detection):
      "image \(imageIndex), detection \(detection): box or score is not finite"
    }
  }
}
