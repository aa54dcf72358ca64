import Datasets
import Evaluation
import Foundation
import Loading
import MessagePassing

/// A detector's results on a whole split.
package struct SplitEvaluation: Sendable {
  /// Batches of images in memory.
  package static let loaderCapacity = 2

  /// Names of the classes, label 1 first.
  package let classNames: [String]
  /// The images' names, in the order of the split.
  package let identifiers: [String]
  /// How COCO's files refer to images and classes, where the data set is of that format.
  package let cocoIdentifiers: COCOIdentifiers?
  /// What was annotated and detected, in the order of the split.
  package let images: [ImageResult]
  /// Why images of the split could not be decoded and were left out, in the order of the split.
  package let damagedImages: [DatasetError]
  /// How many images were left out: those, and those whose headers were found unreadable before.
  package let damagedImageCount: Int
  /// Wall-clock seconds, decoding of the images included.
  package let seconds: Double

  package init(
    classNames: [String], identifiers: [String], cocoIdentifiers: COCOIdentifiers? = nil, images: [ImageResult],
    damagedImages: [DatasetError] = [], seconds: Double
  ) {
    self.damagedImages = damagedImages
    damagedImageCount = damagedImages.count
    self.classNames = classNames
    self.identifiers = identifiers
    self.cocoIdentifiers = cocoIdentifiers
    self.images = images
    self.seconds = seconds
  }

  /// Runs `detector` over `dataset`, shared by all ranks, and collects the results at rank 0; other ranks have none.
  ///
  /// Ranks share whole batches, so that an image is computed beside the same others however many ranks there are.
  ///
  /// - Parameters:
  ///   - difficult: whether difficult objects are ignored or count.
  ///   - damaged: what becomes of images that cannot be decoded.
  ///   - loaderThreads: threads that prepare images.
  ///   - board: told what is going on.
  ///   - progress: told after each batch how many of how many images of this rank are done.
  /// - Throws: `DatasetError` naming an image that cannot be read and is not to be skipped, or when no image is left; `MessagePassingError`.
  package init(
    _ detector: Detector, on dataset: Dataset, difficult: DifficultPolicy,
    damaged: DamagedEvaluationPolicy = .stop, loaderThreads: Int,
    communicator: any Communicator = SingleProcessCommunicator(), board: PhaseBoard = PhaseBoard(),
    progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws {
    try dataset.requireImages(of: "the split", to: "evaluate on")
    let start = ContinuousClock.now
    let own = Self.share(of: dataset.images.count, batch: detector.batch, communicator)
    let (detections, damage) = try Self.detect(
      detector, dataset, images: own, damaged: damaged, loaderThreads: loaderThreads, board: board, progress)
    board.enter("gathering detections", waitsForOthers: true)
    let gathered = try communicator.gather(DetectionMessage.encode(detections))
    images = try gathered.flatMap { try DetectionMessage.decode($0) }.map { message in
      ImageResult(
        imageIndex: message.imageIndex,
        groundTruth: dataset.images[message.imageIndex].evaluationObjects(difficult: difficult).map(
          PixelGroundTruth.init),
        detections: message.detections)
    }
    damagedImages = try communicator.gather(Damage.encode(damage)).flatMap(Damage.decode)
    damagedImageCount = damagedImages.count + dataset.faults.counts[.brokenImage, default: 0]
    if communicator.isRoot, images.isEmpty {
      throw DatasetError(
        file: damagedImages.first?.file ?? "the split", reason: "every image is damaged; none is left to evaluate on")
    }
    classNames = dataset.classNames
    identifiers = dataset.images.map(\.identifier)
    cocoIdentifiers = dataset.cocoIdentifiers
    seconds = (ContinuousClock.now - start) / .seconds(1)
  }

  /// The images of this rank: a run of whole batches.
  private static func share(of count: Int, batch: Int, _ communicator: any Communicator) -> Range<Int> {
    let batches = WorkDivision(communicator).share(of: (count + batch - 1) / batch)
    return min(count, batches.lowerBound * batch)..<min(count, batches.upperBound * batch)
  }

  private static func detect(
    _ detector: Detector, _ dataset: Dataset, images: Range<Int>, damaged: DamagedEvaluationPolicy,
    loaderThreads: Int, board: PhaseBoard, _ progress: (_ done: Int, _ all: Int) -> Void
  ) throws -> ([DetectionMessage], [DatasetError]) {
    let loader = EvaluationLoader(
      dataset: dataset, images: images, input: detector.input, kernels: detector.kernels,
      batch: detector.batch, threads: loaderThreads, capacity: loaderCapacity, damaged: damaged)
    var damage: [DatasetError] = []
    var results: [DetectionMessage] = []
    func enter(_ phase: String) {
      board.enter("evaluation, \(results.count + damage.count) of \(images.count) images done, \(phase)") {
        loader.imagesInWork.joined(separator: ", ")
      }
    }
    enter("loading")
    while let batch = try loader.nextBatch() {
      enter("detecting")
      damage += batch.damage.compactMap(\.self)
      let detections = detector.detect(batch.pixels, count: batch.count)
      for ((sample, objects), error) in zip(zip(batch.samples, detections), batch.damage) where error == nil {
        let image = dataset.images[sample.imageIndex]
        results.append(
          DetectionMessage(
            imageIndex: sample.imageIndex,
            detections: objects.map { PixelDetection($0, width: image.width, height: image.height) }))
      }
      progress(results.count + damage.count, images.count)
      enter("loading")
    }
    loader.stop()
    return (results, damage)
  }

  /// Why an image was left out, on its way to rank 0.
  private struct Damage: Codable {
    let file: String
    let reason: String

    static func encode(_ errors: [DatasetError]) throws -> [UInt8] {
      [UInt8](try JSONEncoder().encode(errors.map { Damage(file: $0.file, reason: $0.reason) }))
    }

    static func decode(_ bytes: [UInt8]) throws -> [DatasetError] {
      try JSONDecoder().decode([Damage].self, from: Data(bytes)).map { DatasetError(file: $0.file, reason: $0.reason) }
    }
  }

  /// Average precision of every class and its mean.
  package func score(_ metric: EvaluationMetric) throws -> EvaluationResult {
    try EvaluationResult(
      metric == .coco ? inOrderOfNumbers : images, objectClassCount: classNames.count, metric: metric)
  }
}

extension SplitEvaluation {
  /// The images with positions by the numbers of their COCO file: pycocotools takes them in this order, which decides
  /// between detections of equal scores.
  private var inOrderOfNumbers: [ImageResult] {
    guard let numbers = cocoIdentifiers?.images else { return images }
    var positions = Array(repeating: 0, count: numbers.count)
    for (position, index) in numbers.indices.sorted(by: { numbers[$0] < numbers[$1] }).enumerated() {
      positions[index] = position
    }
    return images.map { image in
      var image = image
      image.imageIndex = positions[image.imageIndex]
      return image
    }
  }
}

extension PixelGroundTruth {
  /// Takes over an annotation, its area as the file states it included: COCO's small, medium and large objects go by that.
  package init(_ object: AnnotatedObject) {
    self.init(
      box: object.pixelBox, label: object.groundTruth.label, isDifficult: object.groundTruth.isDifficult,
      isCrowd: object.isCrowd, area: object.area, isCreditable: !object.isNumberedZero)
  }
}
