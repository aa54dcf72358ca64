/// Collects the results of images and computes COCO's average precision and recall of boxes.
///
/// All numbers are those of pycocotools 2.0.11, bit for bit, when images, objects and detections are given in the same
/// order: images by their ids, the rest as in the files.
///
/// ### Source
/// Lin et al., *Microsoft COCO: Common Objects in Context*, ECCV 2014, and `cocoeval.py` of pycocotools.
package struct COCOEvaluator: Sendable {
  /// Number of classes, background not counted.
  package let objectClassCount: Int
  private var images: [COCOImageResult] = []
  private var imageIndices: Set<Int> = []

  /// Creates an evaluator without images.
  package init(objectClassCount: Int) {
    precondition(objectClassCount >= 0, "\(objectClassCount) classes")
    self.objectClassCount = objectClassCount
  }

  /// Adds the result of an image. The order of the calls does not matter.
  ///
  /// - Throws: `EvaluationError` if the image was added before, or a label or number is not valid.
  package mutating func add(_ image: COCOImageResult) throws(EvaluationError) {
    try validate(image)
    if !imageIndices.insert(image.imageIndex).inserted { throw .duplicateImage(imageIndex: image.imageIndex) }
    images.append(image)
  }

  /// Precision and recall over the images added.
  package func evaluate() -> COCOResult {
    var matches = Array(repeating: COCOClassMatches(), count: objectClassCount)
    for image in images.sorted(by: { $0.imageIndex < $1.imageIndex }) { match(image, &matches) }
    let classes = matches.indices.map { index in
      matches[index].sort()
      let matches = matches[index]
      return COCOClassResult(
        label: index + 1, groundTruthCount: matches.objectCounts[COCOAreaRange.all.rawValue],
        detectionCount: matches.detections.count,
        curves: COCOAreaRange.allCases.map { matches.curve(area: $0.rawValue) },
        recall1: matches.recall(maximumDetections: 1), recall10: matches.recall(maximumDetections: 10))
    }
    return COCOResult(classes: classes)
  }

  /// Takes the image apart into classes.
  private func match(_ image: COCOImageResult, _ matches: inout [COCOClassMatches]) {
    let objects = Dictionary(grouping: image.objects, by: \.label)
    var detections: [Int: [COCODetection]] = [:]
    // By falling score; equal ones keep their order.
    let order = image.detections.indices.sorted {
      let (one, other) = (image.detections[$0].score, image.detections[$1].score)
      return one != other ? one > other : $0 < $1
    }
    for index in order {
      let detection = image.detections[index]
      if detections[detection.label, default: []].count < COCOProtocol.maximumDetections {
        detections[detection.label, default: []].append(detection)
      }
    }
    for label in Set(objects.keys).union(detections.keys) {
      COCOMatching(objects: objects[label] ?? [], detections: detections[label] ?? []).append(to: &matches[label - 1])
    }
  }

  private func validate(_ image: COCOImageResult) throws(EvaluationError) {
    for (index, object) in image.objects.enumerated() {
      if object.label < 1 || object.label > objectClassCount {
        throw .unknownGroundTruthLabel(
          imageIndex: image.imageIndex, object: index, label: object.label, objectClassCount: objectClassCount)
      }
      if !(object.box.isFinite && object.area.isFinite) {
        throw .groundTruthNotFinite(imageIndex: image.imageIndex, object: index)
      }
    }
    for (index, detection) in image.detections.enumerated() {
      if detection.label < 1 || detection.label > objectClassCount {
        throw .unknownDetectionLabel(
          imageIndex: image.imageIndex, detection: index, label: detection.label, objectClassCount: objectClassCount)
      }
      if !(detection.box.isFinite && detection.score.isFinite) {
        throw .detectionNotFinite(imageIndex: image.imageIndex, detection: index)
      }
    }
  }
}
