import Detection
import Images

/// Prepares one rank's share of every iteration in background threads.
///
/// What an iteration holds depends on the schedule, the augmentation and the iteration alone: not on the threads, the
/// other ranks, or where the run was resumed. Pixels live in a ring of `capacity` iterations that is allocated once.
public final class Loader: Sendable {
  private let dataset: Dataset
  private let microBatch: Int
  private let ring: SampleRing

  /// Starts to prepare iterations.
  ///
  /// - Parameters:
  ///   - dataset: the training images.
  ///   - schedule: which image stands where; its seed is the augmentation's too.
  ///   - augmentation: what happens to the images.
  ///   - difficult: whether difficult objects take part.
  ///   - input: size and mean of the network's input.
  ///   - microBatch: samples of a micro-batch; divides the schedule's global batch.
  ///   - microBatches: this rank's micro-batches of every iteration.
  ///   - threads: background threads, at least 1.
  ///   - capacity: iterations in memory, at least 2: the one in use and those prepared ahead.
  ///   - firstIteration: where to start, counted from 0; the number of completed iterations when a run is resumed.
  /// - Precondition: schedule and data set have the same number of images; `microBatches` lies in the iteration.
  public init(
    dataset: Dataset, schedule: SampleSchedule, augmentation: AugmentationPolicy, difficult: DifficultPolicy,
    input: NetworkInput, microBatch: Int, microBatches: Range<Int>, threads: Int, capacity: Int, firstIteration: Int
  ) {
    precondition(
      schedule.count == dataset.images.count,
      "a schedule of \(schedule.count) images for a data set of \(dataset.images.count)")
    precondition(
      microBatch > 0 && schedule.globalBatch % microBatch == 0,
      "a global batch of \(schedule.globalBatch) cannot be cut into micro-batches of \(microBatch)")
    let all = 0..<schedule.globalBatch / microBatch
    precondition(
      !microBatches.isEmpty && microBatches.clamped(to: all) == microBatches,
      "micro-batches \(microBatches) of an iteration with \(all)")
    precondition(firstIteration >= 0, "iteration \(firstIteration) is before the first")
    self.dataset = dataset
    self.microBatch = microBatch
    let share = microBatches.lowerBound * microBatch..<microBatches.upperBound * microBatch
    var schedule = schedule
    let seed = schedule.seed
    ring = SampleRing(
      threads: threads, capacity: capacity, samplesPerBatch: share.count, microBatch: microBatch,
      valuesPerSample: input.sampleCount,
      samples: { batch in
        let start = (firstIteration + batch) * schedule.globalBatch
        return share.map { schedule.sample(at: start + $0) }
      },
      prepare: { sample, pixels in
        let image = dataset.images[sample.imageIndex]
        let augmented = AugmentedSample(
          policy: augmentation, image: image, objects: image.trainingObjects(difficult: difficult), seed: seed,
          epoch: sample.epoch, imageIndex: sample.imageIndex)
        augmented.render(try image.load(), for: input, into: pixels)
        return augmented.objects
      })
  }

  deinit {
    ring.stop()
  }

  /// Waits for the next iteration and returns its micro-batches in order; those of the call before become invalid.
  ///
  /// - Throws: `DatasetError` at the iteration that holds an image which cannot be read, and at every later call;
  ///   `CancellationError` after `stop`.
  public func nextIteration() throws -> [MicroBatch] {
    guard let batch = try ring.next() else { preconditionFailure("the stream of training samples has no end") }
    return batch.microBatches(of: microBatch, dataset: dataset)
  }

  /// Ends the background threads and waits for them. Harmless when repeated; the loader is of no use afterwards.
  public func stop() {
    ring.stop()
  }

  /// The files of the images that are being prepared at this instant.
  public var imagesInWork: [String] { ring.samplesInWork.map { dataset.images[$0.imageIndex].imagePath } }

  /// How long all calls of `nextIteration` together have waited for data; to be read where they are made.
  public var waitSeconds: Double { ring.waitSeconds }
}

extension SampleRing.Batch {
  /// Cuts the batch into micro-batches; the last may be short.
  func microBatches(of size: Int, dataset: Dataset) -> [MicroBatch] {
    pixels.indices.map { index in
      let range = index * size..<min((index + 1) * size, samples.count)
      return MicroBatch(
        pixels: pixels[index], samples: Array(samples[range]), groundTruth: Array(groundTruth[range]),
        identifiers: samples[range].map { dataset.images[$0.imageIndex].identifier })
    }
  }
}

extension AnnotatedImage {
  /// Decodes the image file.
  ///
  /// - Throws: `DatasetError` when it cannot be decoded or is no longer the file that the data set was read from.
  public func load() throws -> Image {
    let image: Image
    do {
      image = try Image(contentsOf: imagePath)
    } catch let error as ImageError {
      throw DatasetError(file: imagePath, reason: error.reason)
    }
    guard image.width == width, image.height == height else {
      throw DatasetError(
        file: imagePath,
        reason: "has \(image.width)×\(image.height) pixels, but had \(width)×\(height) when the data set was read")
    }
    return image
  }
}
