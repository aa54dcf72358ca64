import Datasets
import Detection
import Evaluation

/// A detector's results on a whole split.
public struct SplitEvaluation: Sendable {
  /// Batches of images in memory.
  static let loaderCapacity = 2

  /// Names of the classes, label 1 first.
  public let classNames: [String]
  /// The images' names, in the order of the split.
  public let identifiers: [String]
  /// What was annotated and detected, in the order of the split.
  public let images: [ImageResult]
  /// Wall-clock seconds, decoding of the images included.
  public let seconds: Double

  /// Runs `detector` over `dataset`.
  ///
  /// - Parameters:
  ///   - difficult: whether difficult objects are ignored or count.
  ///   - loaderThreads: threads that prepare images.
  ///   - progress: called with the number of images done.
  /// - Throws: `DatasetError` naming an image that cannot be read.
  public init(
    _ detector: Detector, on dataset: Dataset, difficult: DifficultPolicy, loaderThreads: Int,
    progress: (Int) -> Void = { _ in }
  ) throws {
    let start = ContinuousClock.now
    let loader = EvaluationLoader(
      dataset: dataset, images: dataset.images.indices, input: detector.input, batch: detector.batch,
      threads: loaderThreads, capacity: Self.loaderCapacity)
    defer { loader.stop() }
    var results: [ImageResult] = []
    while let batch = try loader.nextBatch() {
      for (sample, objects) in zip(batch.samples, detector.detect(batch.pixels, count: batch.count)) {
        let image = dataset.images[sample.imageIndex]
        results.append(
          ImageResult(
            imageIndex: sample.imageIndex,
            groundTruth: image.evaluationObjects(difficult: difficult).map {
              PixelGroundTruth(box: $0.pixelBox, label: $0.groundTruth.label, isDifficult: $0.groundTruth.isDifficult)
            },
            detections: objects.map { PixelDetection($0, width: image.width, height: image.height) }))
      }
      progress(results.count)
    }
    classNames = dataset.classNames
    identifiers = dataset.images.map(\.identifier)
    images = results
    seconds = (ContinuousClock.now - start) / .seconds(1)
  }

  /// Average precision of every class and its mean.
  public func score(_ metric: VOCMetric) throws -> PascalVOCResult {
    var evaluator = PascalVOCEvaluator(objectClassCount: classNames.count)
    for image in images { try evaluator.add(image) }
    return evaluator.evaluate(metric: metric)
  }
}
