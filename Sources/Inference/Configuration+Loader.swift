import Configuration
import Datasets
import Kernels
import Loading

extension Configuration {
  /// Starts to prepare training images.
  ///
  /// - Parameters:
  ///   - kernels: which ones does not matter to the result.
  ///   - microBatches: the rank's share of every iteration.
  ///   - threads: background threads.
  ///   - firstIteration: the number of completed iterations.
  /// - Precondition: the split has images.
  package func loader(
    _ training: Dataset, kernels: Kernels, microBatches: Range<Int>, threads: Int, firstIteration: Int
  ) -> Loader {
    Loader(
      dataset: training,
      schedule: SampleSchedule(
        seed: self.training.seed, count: training.images.count, globalBatch: self.training.globalBatch),
      augmentation: data.augmentation, difficult: data.difficult, damaged: data.damagedImages, input: networkInput,
      kernels: kernels, microBatch: self.training.microBatch, microBatches: microBatches, threads: threads,
      capacity: Loader.usualCapacity, byteLimit: data.queueMegabytes * 1_000_000, firstIteration: firstIteration)
  }
}
