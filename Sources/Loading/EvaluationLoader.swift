import Datasets
import Kernels

/// Prepares the images of a split once, in order and unchanged, in background threads.
package final class EvaluationLoader: Sendable {
  private let dataset: Dataset
  private let ring: SampleRing

  /// Starts to prepare images.
  ///
  /// - Parameters:
  ///   - dataset: the images.
  ///   - images: which of them, by index; a rank takes its share.
  ///   - input: size and mean of the network's input.
  ///   - kernels: those that resize; which ones does not matter to the result.
  ///   - batch: images handed out together; the last batch may be short.
  ///   - threads: background threads, at least 1.
  ///   - capacity: batches in memory, at least 2: the one in use and those prepared ahead.
  ///   - damaged: what becomes of images that cannot be decoded; one that is skipped has a place in its batch, without pixels.
  /// - Precondition: `images` are indices of the data set; `batch` is positive.
  package init(
    dataset: Dataset, images: Range<Int>, input: NetworkInput, kernels: Kernels, batch: Int, threads: Int,
    capacity: Int, damaged: DamagedEvaluationPolicy = .stop
  ) {
    precondition(
      images.clamped(to: dataset.images.indices) == images,
      "images \(images) of a data set with \(dataset.images.count)")
    precondition(batch > 0, "a batch of \(batch) images")
    self.dataset = dataset
    ring = SampleRing(
      threads: threads, capacity: capacity, samplesPerBatch: batch, microBatch: batch,
      valuesPerSample: input.sampleCount,
      samples: { number in
        let range = (images.lowerBound + number * batch..<images.lowerBound + (number + 1) * batch).clamped(to: images)
        if range.isEmpty { return nil }
        return range.map { SampleSchedule.Sample(position: $0, epoch: 0, imageIndex: $0) }
      },
      prepare: { sample, pixels in
        let image = dataset.images[sample.imageIndex]
        do {
          try input.sample(image.load(), kernels: kernels, into: pixels)
        } catch let error as DatasetError where damaged == .skip {
          pixels.update(repeating: 0, count: input.sampleCount)
          return SampleRing.Content(groundTruth: [], imageIndex: sample.imageIndex, damage: error)
        }
        return SampleRing.Content(groundTruth: image.objects.map(\.groundTruth), imageIndex: sample.imageIndex)
      })
  }

  deinit {
    ring.stop()
  }

  /// Waits for the next batch, whose ground truth is all objects of its images; the batch of the call before becomes
  /// invalid.
  ///
  /// - Returns: nothing when all images have been handed out.
  /// - Throws: `DatasetError` at the batch that holds an image which cannot be read and is not to be skipped, and at every later call;
  ///   `CancellationError` after `stop`.
  package func nextBatch() throws -> MicroBatch? {
    try ring.next()?.first.map { MicroBatch($0, dataset: dataset) }
  }

  /// Ends the background threads and waits for them. Idempotent. The loader cannot be used afterwards.
  package func stop() {
    ring.stop()
  }

  /// The files of the images that are being prepared at this instant.
  package var imagesInWork: [String] { ring.samplesInWork.map { dataset.images[$0.imageIndex].imagePath } }

  /// How long all calls of `nextBatch` together have waited for data; to be read where they are made.
  package var waitSeconds: Double { ring.waitSeconds }
}
