import Configuration
import Datasets
import Detection
import Files
import Layers
import Logging
import ModelFiles
import Models
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

  /// Matches ground truth with the model's default boxes.
  package func matcher(for model: SSD) -> Matcher {
    Matcher(defaultBoxes: model.defaultBoxes, coder: boxCoder, rule: self.model.matching)
  }

  /// The update rule.
  package var optimizer: StochasticGradientDescent {
    StochasticGradientDescent(
      momentum: training.momentum, weightDecay: training.weightDecay)
  }

  /// How many layers from the input on keep their weights.
  ///
  /// - Throws: ``ConfigurationError`` when `training.freeze` names no layer, or one with which no base network would be left.
  package func frozenLayers(of model: SSD) throws(ConfigurationError) -> Int {
    guard let name = training.freeze else { return 0 }
    let layers = model.graph.nodes.map(\.layer.name)
    // Behind the first predictor there is nothing left that could be frozen and leave the others trained.
    let candidates = layers.prefix { !model.isPredictor($0) }
    if let position = candidates.firstIndex(of: name) { return position + 1 }
    var known = KeyIndex()
    for layer in candidates { known.insert(layer) }
    let hint = known.nearest(to: name).map { "; did you mean '\($0)'?" } ?? ""
    throw ConfigurationError(
      .file(source, line: nil), key: "training.freeze",
      layers.contains(name)
        ? "'\(name)' is a predictor; the last layer that can be frozen is \(candidates.last ?? "none")"
        : "there is no layer '\(name)'\(hint); `multibox describe` lists them, \(candidates.first ?? "") to \(candidates.last ?? "")"
    )
  }

  /// Fills the weights that training starts from: random numbers, then what a weight file has.
  ///
  /// - Returns: how large the values are that the layers read.
  /// - Throws: ``FileError`` when the weight file is not valid or of another model.
  package func fillInitialWeights(_ weights: VariableArena, logger: Logger? = nil) throws -> InputScales {
    let file = try model.weights.map { (path) throws(FileError) in
      if let directory = RunCheckpoints(directory: path) { throw directory.refusal }
      return try SafetensorsFile(path)
    }
    let ssd = ssd
    var inputScales = ssd.initialize(
      weights, with: model.initialization,
      hasPretrainedBase: file.map { ssd.isPretrainedBase(names: $0.tensors.map(\.name)) } ?? false, seed: training.seed)
    guard let file else { return inputScales }
    let scalesOfFile = try InputScales(metadataOf: file)
    let loading = try WeightLoading(from: file, into: weights, classNames: data.classNames)
    for line in loading.summary(path: file.path) { logger?.info("\(line)") }
    let taken = Set(loading.taken + loading.takenByClass)
    for parameter in weights.layout.variables where taken.contains(parameter.name) {
      inputScales[parameter] = scalesOfFile[parameter]
    }
    return inputScales
  }
}
