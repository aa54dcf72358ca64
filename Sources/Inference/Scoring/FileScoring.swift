import Datasets
import Detection
import Evaluation
import Files
import Foundation

/// Detections and ground truth from files, without a detector: what `multibox score` scores.
package struct FileScoring {
  /// Where the annotated objects are.
  package enum GroundTruth: Sendable {
    /// A JSON file in COCO's format.
    case coco(file: String)
    /// A directory in the layout of Pascal VOC.
    case pascalVOC(root: String, split: String, classes: [String]?, unannotated: UnannotatedImagePolicy = .stop)
    /// A directory with YOLO labels, whose images have to be there: labels are fractions of them.
    case yolo(root: String, split: String, classes: [String]?)
  }

  /// Names of the classes, label 1 first.
  package let classNames: [String]
  /// What the files hold that the metric sees otherwise than one may expect, one line each.
  package let warnings: [String]
  private let metric: EvaluationMetric
  private var images: [COCOImageResult]

  /// Reads the files.
  ///
  /// - Parameters:
  ///   - detections: a file in COCO's results format. Of a split of Pascal VOC or YOLO, `image_id` is the image's name, or its
  ///     number when the name is one, and `category_id` counts the classes from 1.
  ///   - pixels: what the boxes of the two JSON formats mean. Annotations of Pascal VOC are always inclusive, those of YOLO
  ///     never.
  /// - Throws: `DatasetError` naming file, line and record of what cannot be used; ``FileError`` for a file that cannot
  ///   be read.
  /// - Precondition: `pixels` is continuous for COCO's metric.
  package init(
    groundTruth: GroundTruth, detections: String, metric: EvaluationMetric, pixels: PixelConvention = .continuous
  ) throws {
    precondition(metric != .coco || pixels == .continuous, "COCO's metric has continuous boxes, not \(pixels)")
    self.metric = metric
    let imageIndices: [COCOFileIdentifier: Int]
    let labels: [Int: Int]
    let groundTruthWarnings: [String]
    var fractions: FractionCheck?
    switch groundTruth {
    case .coco(let file):
      let annotations = try COCOGroundTruthFile(Self.contents(of: file), file: file)
      classNames = annotations.categories.map(\.name)
      groundTruthWarnings =
        annotations.warnings + Self.textWarnings(annotations.numbersAsText, file: file)
        + (metric == .coco ? Self.warnings(annotations, file: file) : [])
      images = Self.images(annotations, metric: metric, pixels: pixels)
      fractions = annotations.fractions
      imageIndices = Dictionary(uniqueKeysWithValues: zip(annotations.images, annotations.images.indices))
      labels = Dictionary(uniqueKeysWithValues: zip(annotations.categories.map(\.identifier), 1...))
    case .pascalVOC(let root, let split, let classes, let unannotated):
      let rules = ReadingRules(
        unannotated: unannotated, unannotatedSetting: "--unannotated-images", imageLimit: .none)
      let dataset = try Dataset.pascalVOC(
        roots: [root], split: split, classes: classes, rules: rules, requiresImageFiles: false)
      (classNames, groundTruthWarnings) = (dataset.classNames, dataset.warnings)
      (images, imageIndices, labels) = (Self.images(dataset), dataset.imageIndices, dataset.labels)
    case .yolo(let root, let split, let classes):
      let dataset = try Dataset.yolo(
        [DatasetSource(root: root, split: split)], classes: classes, mayLackClasses: true,
        rules: ReadingRules(imageLimit: .none))
      (classNames, groundTruthWarnings) = (dataset.classNames, dataset.warnings)
      (images, imageIndices, labels) = (Self.images(dataset), dataset.imageIndices, dataset.labels)
    }
    let results = try COCOResultsFile(
      Self.contents(of: detections), file: detections, images: imageIndices, labels: labels)
    warnings =
      try groundTruthWarnings + Self.textWarnings(results.numbersAsText, file: detections)
      + Self.fractionWarnings(
        truth: fractions, found: results.fractions, hasObjects: images.contains { !$0.objects.isEmpty })
    for result in results.detections {
      images[result.imageIndex].detections.append(
        COCODetection(box: pixels.continuous(result.box), label: result.label, score: result.score))
    }
  }

  /// The metric's result.
  package func score() throws(EvaluationError) -> ScoreSheet {
    let result: EvaluationResult
    if metric == .coco {
      var evaluator = COCOEvaluator(objectClassCount: classNames.count)
      for image in images { try evaluator.add(image) }
      result = .coco(evaluator.evaluate())
    } else {
      result = try EvaluationResult(
        images.map { ImageResult($0) }, objectClassCount: classNames.count, metric: metric)
    }
    return ScoreSheet(classNames: classNames, imageCount: images.count, result: result)
  }

  private static func contents(of path: String) throws(FileError) -> Data {
    do throws(FileError) {
      return try FileContent.mapped(path)
    } catch {
      guard let number = error.errorNumber else { throw error }
      throw FileError(path, cannot: "read", errorNumber: number)
    }
  }

  /// The annotated objects by image. COCO's metric knows no mark but that of crowds; for Pascal VOC's all are difficult.
  private static func images(
    _ file: COCOGroundTruthFile, metric: EvaluationMetric, pixels: PixelConvention
  ) -> [COCOImageResult] {
    var images = file.images.indices.map { COCOImageResult(imageIndex: $0, objects: [], detections: []) }
    for annotation in file.annotations {
      images[annotation.imageIndex].objects.append(
        COCOObject(
          box: pixels.continuous(annotation.box), label: annotation.label, area: annotation.area,
          isCrowd: annotation.isCrowd, isIgnored: annotation.isDifficult && metric != .coco,
          isCreditable: annotation.identifier != 0))
    }
    return images
  }

  private static func images(_ dataset: Dataset) -> [COCOImageResult] {
    dataset.images.enumerated().map { index, image in
      let objects = image.objects.map {
        COCOObject(
          PixelGroundTruth(box: $0.pixelBox, label: $0.groundTruth.label, isDifficult: $0.groundTruth.isDifficult))
      }
      return COCOImageResult(imageIndex: index, objects: objects, detections: [])
    }
  }

  private static func warnings(_ annotations: COCOGroundTruthFile, file: String) -> [String] {
    var warnings: [String] = []
    let marked = annotations.annotations.count { $0.isDifficult && !$0.isCrowd }
    if marked > 0 {
      let have = Quantities.count(marked, "annotation has", "annotations have")
      warnings.append("\(file): \(have) `ignore` or `difficult`, which COCO's metric does not know: they count")
    }
    if annotations.annotations.contains(where: { $0.identifier == 0 }) { warnings.append(numberZeroWarning(file)) }
    return warnings
  }

  private static func numberZeroWarning(_ file: String) -> String {
    "\(file): the annotation with the id 0 counts as not found whatever is detected, as in pycocotools; "
      + "number annotations from 1"
  }

  private static func textWarnings(_ count: Int, file: String) -> [String] {
    count == 0
      ? [] : ["\(file): \(Quantities.count(count, "number is", "numbers are")) written as text, used as numbers"]
  }

  /// What COCO's metric sees otherwise than one may expect in a data set to evaluate on, one line each.
  fileprivate static func warnings(_ dataset: Dataset, difficult policy: DifficultPolicy) -> [String] {
    let files = dataset.images.filter { $0.objects.contains(where: \.isNumberedZero) }.map(\.annotationPath)
    let ignored = dataset.images.flatMap { $0.evaluationObjects(difficult: policy) }
      .count { $0.groundTruth.isDifficult && !$0.isCrowd }
    guard ignored > 0, dataset.cocoIdentifiers != nil else { return files.firstOccurrences.map(numberZeroWarning) }
    let have = Quantities.count(ignored, "annotation has", "annotations have")
    return files.firstOccurrences.map(numberZeroWarning) + [
      "\(have) `ignore` or `difficult`, which pycocotools and 'multibox score' do not know for this metric: they are "
        + "ignored here; data.difficult: always counts them"
    ]
  }
}

extension Dataset {
  /// ``warnings``, and what `metric` sees otherwise than one may expect.
  ///
  /// - Parameter policy: whether difficult objects are ignored or count.
  package func evaluationWarnings(_ metric: EvaluationMetric, difficult policy: DifficultPolicy) -> [String] {
    warnings + (metric == .coco ? FileScoring.warnings(self, difficult: policy) : [])
  }
}

extension Dataset {
  /// The classes by what results call them.
  fileprivate var labels: [Int: Int] {
    Dictionary(uniqueKeysWithValues: zip(1...classNames.count, 1...))
  }

  /// Positions of the images by what results call them: the name, or its number where only one image has it.
  fileprivate var imageIndices: [COCOFileIdentifier: Int] {
    var indices: [COCOFileIdentifier: Int] = [:]
    var ambiguous: Set<COCOFileIdentifier> = []
    for (index, image) in images.enumerated() {
      indices[.name(image.identifier)] = index
      guard let number = Int(image.identifier) else { continue }
      if indices.updateValue(index, forKey: .number(number)) != nil { ambiguous.insert(.number(number)) }
    }
    return indices.filter { !ambiguous.contains($0.key) }
  }
}
