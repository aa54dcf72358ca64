import Configuration
import Datasets
import Logging
import Tensors

extension Configuration {
  /// Compute threads: as configured, or one for each processor this process may use.
  package var computeThreads: Int { training.threads ?? ThreadPool.availableProcessors }

  /// Threads that prepare images: as configured, or as many as compute, at most four.
  package func loaderThreads(computeThreads: Int) -> Int { data.loaderThreads ?? min(4, computeThreads) }

  /// Makes sure that there is something to train on.
  ///
  /// - Throws: `DatasetError` when the training split is empty.
  package func requireTrainingImages(_ training: Dataset) throws(DatasetError) {
    try training.requireImages(of: "\(data.trainSplit)", to: "train on")
  }
}
