import Datasets
import Detection
import Layers
import Logging
import Models
import Tensors

extension Configuration {
  /// Compute threads: as configured, or one for each processor this process may use.
  public var computeThreads: Int { training.threads ?? ThreadPool.availableProcessors }

  /// Threads that prepare images: as configured, or as many as compute, at most four.
  public func loaderThreads(computeThreads: Int) -> Int { data.loaderThreads ?? min(4, computeThreads) }

  /// Makes sure that there is something to train on.
  ///
  /// - Throws: `DatasetError` when the training split is empty.
  func requireTrainingImages(_ training: Dataset) throws(DatasetError) {
    guard !training.images.isEmpty else {
      throw DatasetError(file: "\(data.trainSplit)", reason: "the training split has no image")
    }
  }

  /// Starts to prepare training images.
  ///
  /// - Parameters:
  ///   - kernels: which ones does not matter to the result.
  ///   - microBatches: the rank's share of every iteration.
  ///   - threads: background threads.
  ///   - firstIteration: the number of completed iterations.
  /// - Precondition: the split has images.
  func loader(
    _ training: Dataset, kernels: Kernels, microBatches: Range<Int>, threads: Int, firstIteration: Int
  ) -> Loader {
    Loader(
      dataset: training,
      schedule: SampleSchedule(
        seed: self.training.seed, count: training.images.count, globalBatch: self.training.globalBatch),
      augmentation: data.augmentation, difficult: data.difficult, damaged: data.damagedImages, input: networkInput,
      kernels: kernels, microBatch: self.training.microBatch, microBatches: microBatches, threads: threads,
      capacity: Trainer.loaderCapacity, byteLimit: data.queueMegabytes * 1_000_000, firstIteration: firstIteration)
  }

  /// Matches ground truth with the model's default boxes.
  public func matcher(for model: SSD) -> Matcher {
    Matcher(defaultBoxes: model.defaultBoxes, coder: boxCoder, rule: self.model.matching)
  }

  /// The update rule.
  public var optimizer: StochasticGradientDescent {
    StochasticGradientDescent(
      momentum: training.momentum, weightDecay: training.weightDecay,
      biasLearningRateMultiplier: training.biasLearningRateMultiplier)
  }

  /// Fills the weights that training starts from: random numbers, then what a weight file has.
  ///
  /// - Throws: ``CheckpointError`` when the weight file is not valid or of another model.
  func fillInitialWeights(_ weights: ParameterArena, logger: Logger? = nil) throws {
    let file = try model.weights.map { try SafetensorsFile($0) }
    ssd.initialize(
      weights, with: model.initialization,
      hasPretrainedBase: file.map { SSD.isPretrainedBase(names: $0.tensors.map(\.name)) } ?? false, seed: training.seed)
    guard let file else { return }
    let loading = try WeightLoading(from: file, into: weights, classNames: data.classNames)
    for line in loading.summary(path: file.path) { logger?.info("\(line)") }
  }
}
