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
  /// - Throws: `DatasetError` when the training split is empty, or has no object that can be learnt.
  package func requireTrainingImages(_ training: Dataset) throws(DatasetError) {
    try training.requireImages(of: "\(data.trainSplit)", to: "train on")
    guard training.images.allSatisfy({ $0.trainingObjects(difficult: data.difficult).isEmpty }) else { return }
    throw DatasetError(
      file: training.images[0].annotationPath,
      reason:
        "none of the \(training.images.count) images of the split \(data.trainSplit), of which this annotation is the first, has an object to train on; `multibox doctor` lists what was left out"
    )
  }
}
