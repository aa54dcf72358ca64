import Randomness

/// Which image stands at which place of the global batches: a pure function of (seed, count, global batch).
///
/// All global batches of a run, one after the other, form a stream of samples. Iteration t, counted from 0, holds the
/// positions t · globalBatch ..< (t + 1) · globalBatch, and its micro-batch m those of
/// [m · microBatch, (m + 1) · microBatch) within the iteration. (Logs count completed iterations: their iteration 1 is
/// t = 0.) The stream is the epochs one after the other, each a random order of all images, so an epoch may end inside a
/// batch; every image is used exactly once in every epoch.
///
/// Nothing here depends on how many ranks or threads share the work, and no state has to be saved to resume.
package struct SampleSchedule: Sendable {
  /// A place in the stream and the image that stands there.
  package struct Sample: Sendable, Equatable {
    /// The place in the stream, counted from 0.
    package let position: Int
    /// The pass over the data, counted from 0.
    package let epoch: Int
    /// The image's index in the data set.
    package let imageIndex: Int

    /// Creates a sample.
    package init(position: Int, epoch: Int, imageIndex: Int) {
      self.position = position
      self.epoch = epoch
      self.imageIndex = imageIndex
    }
  }

  /// The seed of the run.
  package let seed: UInt64
  /// The number of images.
  package let count: Int
  /// The samples of one iteration over all ranks.
  package let globalBatch: Int
  /// The order of the epoch that was asked for last; only a memory, it never changes an answer.
  private var latest: (epoch: Int, order: [Int])?

  /// Creates the schedule of a run.
  ///
  /// - Precondition: `count` and `globalBatch` are positive.
  package init(seed: UInt64, count: Int, globalBatch: Int) {
    precondition(count > 0 && globalBatch > 0, "no schedule for \(count) images in batches of \(globalBatch)")
    self.seed = seed
    self.count = count
    self.globalBatch = globalBatch
  }

  /// The order of the images in an epoch.
  package func order(epoch: Int) -> [Int] {
    var stream = RandomStream(seed: seed, purpose: .samplingOrder, key: UInt64(epoch))
    return stream.permutation(count: count)
  }

  /// The sample at a place of the stream; keeps the order of that epoch for the next call.
  ///
  /// - Precondition: `position` is not negative.
  package mutating func sample(at position: Int) -> Sample {
    precondition(position >= 0, "position \(position) is before the first sample")
    let epoch = position / count
    if latest?.epoch != epoch { latest = (epoch, order(epoch: epoch)) }
    return Sample(position: position, epoch: epoch, imageIndex: latest!.order[position % count])
  }

  /// The samples of one iteration, in order.
  ///
  /// - Parameter iteration: counted from 0.
  package mutating func samples(iteration: Int) -> [Sample] {
    (iteration * globalBatch..<(iteration + 1) * globalBatch).map { sample(at: $0) }
  }
}
