import Datasets
import Detection
import Evaluation
import MessagePassing

/// A detector's results on a whole split.
public struct SplitEvaluation: Sendable {
  /// Batches of images in memory.
  static let loaderCapacity = 2

  /// Names of the classes, label 1 first.
  public let classNames: [String]
  /// The images' names, in the order of the split.
  public let identifiers: [String]
  /// How COCO's files refer to images and classes, where the data set is of that format.
  public let cocoIdentifiers: COCOIdentifiers?
  /// What was annotated and detected, in the order of the split.
  public let images: [ImageResult]
  /// Wall-clock seconds, decoding of the images included.
  public let seconds: Double

  package init(
    classNames: [String], identifiers: [String], cocoIdentifiers: COCOIdentifiers? = nil, images: [ImageResult],
    seconds: Double
  ) {
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
  ///   - loaderThreads: threads that prepare images.
  ///   - board: told what is going on.
  /// - Throws: `DatasetError` naming an image that cannot be read; `MessagePassingError`.
  public init(
    _ detector: Detector, on dataset: Dataset, difficult: DifficultPolicy, loaderThreads: Int,
    communicator: any Communicator = SingleProcessCommunicator(), board: PhaseBoard = PhaseBoard()
  ) throws {
    let start = ContinuousClock.now
    let own = Self.share(of: dataset.images.count, batch: detector.batch, communicator)
    let detections = try Self.detect(
      detector, dataset, images: own, loaderThreads: loaderThreads, board: board)
    board.enter("gathering detections", waitsForOthers: true)
    let gathered = try communicator.gather(DetectionMessage.encode(detections), to: 0)
    images = try gathered.flatMap { try DetectionMessage.decode($0) }.map { message in
      ImageResult(
        imageIndex: message.imageIndex,
        groundTruth: dataset.images[message.imageIndex].evaluationObjects(difficult: difficult).map(
          PixelGroundTruth.init),
        detections: message.detections)
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
    _ detector: Detector, _ dataset: Dataset, images: Range<Int>, loaderThreads: Int, board: PhaseBoard
  ) throws -> [DetectionMessage] {
    let loader = EvaluationLoader(
      dataset: dataset, images: images, input: detector.input, kernels: detector.kernels,
      batch: detector.batch, threads: loaderThreads, capacity: loaderCapacity)
    var results: [DetectionMessage] = []
    func enter(_ phase: String) {
      board.enter("evaluation, \(results.count) of \(images.count) images done, \(phase)") {
        loader.imagesInWork.joined(separator: ", ")
      }
    }
    enter("loading")
    while let batch = try loader.nextBatch() {
      enter("detecting")
      for (sample, objects) in zip(batch.samples, detector.detect(batch.pixels, count: batch.count)) {
        let image = dataset.images[sample.imageIndex]
        results.append(
          DetectionMessage(
            imageIndex: sample.imageIndex,
            detections: objects.map { PixelDetection($0, width: image.width, height: image.height) }))
      }
      enter("loading")
    }
    loader.stop()
    return results
  }

  /// Average precision of every class and its mean.
  public func score(_ metric: EvaluationMetric) throws -> EvaluationResult {
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
