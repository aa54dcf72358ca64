/// Average precision of one class.
package struct PascalVOCClassResult: Sendable, Equatable {
  /// Class index, 1 … classes.
  package let label: Int
  /// Average precision, 0 … 1; nil for a class without objects that are not difficult.
  package let averagePrecision: Double?
  /// Precision after each detection that counts, in order of falling score; empty where the average precision is nil.
  package let precision: [Double]
  /// Recall after each detection that counts, parallel to `precision`.
  package let recall: [Double]
  /// Objects that are not difficult.
  package let groundTruthCount: Int
  /// Detections of such objects.
  package let truePositives: Int
  /// Detections of nothing, or of an object found before.
  package let falsePositives: Int
  /// Detections of difficult objects.
  package let ignoredDetections: Int
}

/// Average precision of all classes.
package struct PascalVOCResult: Sendable, Equatable {
  /// How curves became numbers.
  package let metric: VOCMetric
  /// One result per class, label 1 first.
  package let classes: [PascalVOCClassResult]

  /// mAP: the mean over the classes that have an average precision; nil if none has.
  package var meanAveragePrecision: Double? {
    let values = classes.compactMap(\.averagePrecision)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}

/// Collects the results of images and computes Pascal VOC's average precision.
///
/// Detections of a class are taken in order of falling score, equal scores by image index, then position in the image. Each
/// is compared with the object of its class and image that has the largest IoU, the first of equals. From an IoU of 0.5 on it
/// is a true positive if the object was not found before, else a false positive; if the object is difficult (or a crowd,
/// which the VOC data do not have) the detection does not count. Below it is a false positive.
///
/// ### Source
/// Everingham et al., *The Pascal Visual Object Classes (VOC) Challenge*, IJCV 2010, and `VOCevaldet.m` of its development
/// kit.
package struct PascalVOCEvaluator: Sendable {
  /// Smallest IoU of a detection with the object it finds.
  package static let overlapThreshold = 0.5

  /// Number of classes, background not counted.
  package let objectClassCount: Int
  /// The results so far, in the order they were added; the values to send when processes share a split.
  package private(set) var images: [ImageResult] = []
  private var imageIndices: Set<Int> = []

  /// Creates an evaluator without images.
  package init(objectClassCount: Int) {
    precondition(objectClassCount > 0, "evaluation needs at least one class, got \(objectClassCount)")
    self.objectClassCount = objectClassCount
  }

  /// Adds the result of an image. The order of the calls does not matter.
  ///
  /// - Throws: `EvaluationError` if the image was added before, or a label or number is not valid.
  package mutating func add(_ image: ImageResult) throws(EvaluationError) {
    try validate(image)
    if !imageIndices.insert(image.imageIndex).inserted { throw .duplicateImage(imageIndex: image.imageIndex) }
    images.append(image)
  }

  /// Adds the result of the image at position `imageIndex` of the split.
  ///
  /// - Throws: `EvaluationError` if the image was added before, or a label or number is not valid.
  package mutating func add(
    imageIndex: Int, groundTruth: [PixelGroundTruth], detections: [PixelDetection]
  ) throws(EvaluationError) {
    try add(ImageResult(imageIndex: imageIndex, groundTruth: groundTruth, detections: detections))
  }

  /// Average precision of all classes over the images added.
  package func evaluate(metric: VOCMetric) -> PascalVOCResult {
    let images = images.sorted { $0.imageIndex < $1.imageIndex }
    var ranked: [[RankedDetection]] = Array(repeating: [], count: objectClassCount)
    var groundTruthCounts = Array(repeating: 0, count: objectClassCount)
    for (imagePosition, image) in images.enumerated() {
      for (position, detection) in image.detections.enumerated() {
        ranked[detection.label - 1].append(
          RankedDetection(score: detection.score, image: imagePosition, position: position))
      }
      for object in image.groundTruth where !object.isIgnored {
        groundTruthCounts[object.label - 1] += 1
      }
    }
    let classes = (0..<objectClassCount).map { index in
      evaluate(
        label: index + 1, ranked[index].sorted(by: RankedDetection.precedes), images,
        groundTruthCount: groundTruthCounts[index], metric)
    }
    return PascalVOCResult(metric: metric, classes: classes)
  }

  /// Where a detection is, and what orders it.
  private struct RankedDetection {
    var score: Double
    var image: Int
    var position: Int

    static func precedes(_ one: RankedDetection, _ other: RankedDetection) -> Bool {
      if one.score != other.score { return one.score > other.score }
      return (one.image, one.position) < (other.image, other.position)
    }
  }

  private func evaluate(
    label: Int, _ ranked: [RankedDetection], _ images: [ImageResult], groundTruthCount: Int, _ metric: VOCMetric
  ) -> PascalVOCClassResult {
    var isFound = images.map { Array(repeating: false, count: $0.groundTruth.count) }
    var truePositives: [Int] = []
    var precision: [Double] = []
    var found = 0
    var ignored = 0
    for reference in ranked {
      let image = images[reference.image]
      if let object = match(image.detections[reference.position], image.groundTruth) {
        if image.groundTruth[object].isIgnored {
          ignored += 1
          continue
        }
        found += isFound[reference.image][object] ? 0 : 1
        isFound[reference.image][object] = true
      }
      truePositives.append(found)
      precision.append(Double(found) / Double(truePositives.count))
    }
    let hasObjects = groundTruthCount > 0
    return PascalVOCClassResult(
      label: label,
      averagePrecision: hasObjects
        ? metric.averagePrecision(
          truePositives: truePositives, precision: precision, groundTruthCount: groundTruthCount) : nil,
      precision: hasObjects ? precision : [],
      recall: hasObjects ? truePositives.map { Double($0) / Double(groundTruthCount) } : [],
      groundTruthCount: groundTruthCount, truePositives: found, falsePositives: truePositives.count - found,
      ignoredDetections: ignored)
  }

  /// The object a detection lies on: of its class, with the largest IoU, if that reaches the threshold.
  private func match(_ detection: PixelDetection, _ groundTruth: [PixelGroundTruth]) -> Int? {
    var best: (object: Int, overlap: Double)?
    for (object, candidate) in groundTruth.enumerated() where candidate.label == detection.label {
      let overlap = detection.box.intersectionOverUnion(with: candidate.box)
      if overlap > best?.overlap ?? -1 { best = (object, overlap) }
    }
    guard let best, best.overlap >= Self.overlapThreshold else { return nil }
    return best.object
  }

  private func validate(_ image: ImageResult) throws(EvaluationError) {
    let labels = 1...objectClassCount
    for (index, object) in image.groundTruth.enumerated() {
      if !labels.contains(object.label) {
        throw .unknownGroundTruthLabel(
          imageIndex: image.imageIndex, object: index, label: object.label, objectClassCount: objectClassCount)
      }
      if !object.box.isFinite { throw .groundTruthNotFinite(imageIndex: image.imageIndex, object: index) }
    }
    for (index, detection) in image.detections.enumerated() {
      if !labels.contains(detection.label) {
        throw .unknownDetectionLabel(
          imageIndex: image.imageIndex, detection: index, label: detection.label, objectClassCount: objectClassCount)
      }
      if !(detection.box.isFinite && detection.score.isFinite) {
        throw .detectionNotFinite(imageIndex: image.imageIndex, detection: index)
      }
    }
  }
}
