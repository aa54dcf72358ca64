import Detection
import Evaluation
import Training

/// All classes at the score that serves them best together.
struct DetectorAnalysis {
  /// Sides of objects in pixels of the network's input, from which on the next range begins.
  static let sizes = [16.0, 32, 64, 128]

  /// An object that was to be found.
  struct Target {
    let imageIndex: Int
    let object: PixelGroundTruth
    /// The square root of its area, in pixels of the network's input.
    let side: Double
    /// The largest IoU of a default box with it.
    let reach: Double
    let isFound: Bool
    /// The best detection of its class on it, with whatever score.
    let nearest: PixelDetection?

    /// The range of sizes it is in.
    var size: Int { DetectorAnalysis.sizes.count { side >= $0 } }
  }

  /// The classes, label 1 first.
  let classes: [ClassAnalysis]
  /// Every image.
  let images: [JudgedImage]
  /// The score from which on the mean F1 of the classes is largest.
  let threshold: Double
  /// The kinds of errors from there on.
  let errors: DetectionErrors
  /// All objects to find, in the order of the images.
  let targets: [Target]

  init(_ subject: ReportSubject, _ split: EvaluatedSplit) {
    let (evaluation, sheet) = (split.report.evaluation, split.report.sheet)
    let images = evaluation.images.map(JudgedImage.init)
    let trained = subject.trainingCounts
    let results = sheet.result.classes
    let classes = sheet.classNames.enumerated().map { index, name in
      ClassAnalysis(
        index + 1, name: name, averagePrecision: results[index].averagePrecision,
        trainingObjects: trained.map { $0[index + 1, default: 0] }, images)
    }
    let present = classes.filter { $0.objects > 0 }
    let candidates = (1..<100).map { Double($0) / 100 }
    let threshold =
      candidates.map { threshold in
        (threshold: threshold, f1: present.reduce(0) { $0 + $1.operation(from: threshold).f1 })
      }.reduce((threshold: 0.5, f1: 0)) { $1.f1 > $0.f1 ? $1 : $0 }.threshold
    self.images = images
    self.classes = classes
    self.threshold = threshold
    errors = DetectionErrors(
      evaluation.images, objectClassCount: sheet.classNames.count, scoreThreshold: threshold)
    let input = subject.configuration.model.architecture.input
    let defaultBoxes = DefaultBoxes(subject.configuration.model.defaultBoxes)
    targets = images.flatMap { image in
      let (width, height) = (
        Double(split.dataset.images[image.imageIndex].width), Double(split.dataset.images[image.imageIndex].height)
      )
      let missed = Set(image.missedObjects(from: threshold))
      return image.objects.enumerated().compactMap { index, object -> Target? in
        guard !object.isDifficult, !object.isCrowd else { return nil }
        let box = object.box
        let area = box.area / (width * height) * Double(input.width * input.height)
        let corners = CornerBox(
          xMin: Float(box.xMin / width), yMin: Float(box.yMin / height), xMax: Float(box.xMax / width),
          yMax: Float(box.yMax / height))
        let nearest = image.detections.first { detection, _ in
          detection.label == object.label && detection.box.intersectionOverUnion(with: box) >= JudgedImage.nearOverlap
        }?.detection
        return Target(
          imageIndex: image.imageIndex, object: object, side: max(0, area).squareRoot(),
          reach: Double(defaultBoxes.largestOverlap(with: corners)), isFound: !missed.contains(index),
          nearest: nearest)
      }
    }
  }
}
