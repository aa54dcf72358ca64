import Datasets
import Kernels

/// Prepares one rank's share of every iteration in background threads.
///
/// What an iteration holds depends on the schedule, the augmentation and the iteration alone: not on the threads, the
/// other ranks, or where the run was resumed. Pixels live in a ring of micro-batches that is allocated once.
package final class Loader: Sendable {
  /// Iterations of images in memory at most: the one in use and one that is prepared meanwhile.
  package static let usualCapacity = 2

  private let dataset: Dataset
  private let ring: SampleRing

  /// Starts to prepare iterations.
  ///
  /// - Parameters:
  ///   - dataset: the training images.
  ///   - schedule: which image stands where; its seed is the augmentation's too.
  ///   - augmentation: what happens to the images.
  ///   - difficult: whether difficult objects take part.
  ///   - input: size and mean of the network's input.
  ///   - kernels: which ones does not matter to the result.
  ///   - microBatch: samples of a micro-batch; divides the schedule's global batch.
  ///   - microBatches: this rank's micro-batches of every iteration.
  ///   - threads: background threads, at least 1.
  ///   - damaged: what becomes of images that cannot be decoded.
  ///   - capacity: iterations in memory at most, at least 2: the one in use and those prepared ahead.
  ///   - byteLimit: what the samples in memory may take; the iteration in use and one more micro-batch are kept anyway.
  ///   - firstIteration: where to start, counted from 0; the number of completed iterations when a run is resumed.
  /// - Precondition: schedule and data set have the same number of images; `microBatches` lies in the iteration.
  package init(
    dataset: Dataset, schedule: SampleSchedule, augmentation: AugmentationPolicy, difficult: DifficultPolicy,
    damaged: DamagedImagePolicy = .stop, input: NetworkInput, kernels: Kernels, microBatch: Int,
    microBatches: Range<Int>, threads: Int, capacity: Int, byteLimit: Int = .max, firstIteration: Int
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
    let share = microBatches.lowerBound * microBatch..<microBatches.upperBound * microBatch
    var schedule = schedule
    let source = TrainingSource(
      dataset: dataset, augmentation: augmentation, difficult: difficult, damaged: damaged, input: input,
      kernels: kernels, seed: schedule.seed)
    ring = SampleRing(
      threads: threads, capacity: capacity, byteLimit: byteLimit, samplesPerBatch: share.count, microBatch: microBatch,
      valuesPerSample: input.sampleCount,
      samples: { batch in
        let start = (firstIteration + batch) * schedule.globalBatch
        return share.map { schedule.sample(at: start + $0) }
      },
      prepare: { try source.prepare($0, into: $1) })
  }

  deinit {
    ring.stop()
  }

  /// Waits for the next iteration and returns its micro-batches in order; those of the call before become invalid.
  ///
  /// - Throws: `DatasetError` at the iteration that holds an image which cannot be read, and at every later call;
  ///   `CancellationError` after `stop`.
  package func nextIteration() throws -> [MicroBatch] {
    guard let groups = try ring.next() else { preconditionFailure("the stream of training samples has no end") }
    return groups.map { MicroBatch($0, dataset: dataset) }
  }

  /// Bytes of the samples that a loader keeps in memory.
  ///
  /// - Parameters:
  ///   - capacity: iterations, as for the initializer.
  ///   - samples: of an iteration, of this rank.
  package static func byteCount(
    capacity: Int, samples: Int, microBatch: Int, input: NetworkInput, byteLimit: Int
  ) -> Int {
    let bytes = microBatch * input.sampleCount * MemoryLayout<Float>.stride
    return bytes
      * SampleRing.slotCount(
        capacity: capacity, groupsPerBatch: samples / microBatch, microBatchBytes: bytes, byteLimit: byteLimit)
  }

  /// Ends the background threads and waits for them. Idempotent. The loader cannot be used afterwards.
  package func stop() {
    ring.stop()
  }

  /// The files of the images that are being prepared at this instant.
  package var imagesInWork: [String] { ring.samplesInWork.map { dataset.images[$0.imageIndex].imagePath } }

  /// How long all calls of `nextIteration` together have waited for data; to be read where they are made.
  package var waitSeconds: Double { ring.waitSeconds }
}

extension MicroBatch {
  /// Names what the ring has prepared.
  package init(_ group: SampleRing.Group, dataset: Dataset) {
    self.init(
      pixels: group.pixels, samples: group.samples, groundTruth: group.contents.map(\.groundTruth),
      identifiers: group.contents.map { dataset.images[$0.imageIndex].identifier },
      imageIndices: group.contents.map(\.imageIndex), replacements: group.contents.compactMap(\.replacement),
      damage: group.contents.map(\.damage))
  }
}
