import Configuration
import Detection
import Files
import Kernels
import Layers
import Logging
import ModelFiles
import Models
import Tensors

/// What a configuration describes, built once: the network, and what matches, decodes and moves its weights.
package struct Experiment {
  /// What this was built from.
  package let configuration: Configuration
  /// The network.
  package let model: SSD

  /// Builds the network.
  ///
  /// - Precondition: the classes have names, see ``Configuration/namingClasses()``.
  package init(_ configuration: Configuration) {
    self.configuration = configuration
    let settings = configuration.model
    var options = NetworkBuilder.Options(
      widthMultiplier: settings.widthMultiplier,
      biasRateMultiplier: configuration.training.biasLearningRateMultiplier,
      convolutionMethod: configuration.training.convolution, precision: configuration.training.precision)
    options.baseRateMultiplier = configuration.training.baseLearningRateMultiplier
    options.freezesNormalization = settings.batchNormalization == .frozen
    options.decaysNormalization = configuration.training.decaysNormalization
    model = SSD(
      settings.architecture, objectClassCount: configuration.data.classNames.count, defaultBoxes: settings.defaultBoxes,
      options)
  }

  /// Names of the classes, label 1 first.
  package var classNames: [String] { configuration.data.classNames }

  /// Matches ground truth with the network's default boxes.
  package var matcher: Matcher {
    Matcher(defaultBoxes: model.defaultBoxes, coder: boxCoder, rule: configuration.model.matching)
  }

  /// Turns the network's output into objects.
  package var decoder: DetectionDecoder {
    DetectionDecoder(
      defaultBoxes: model.defaultBoxes, coder: boxCoder, classCount: model.classCount,
      settings: configuration.evaluation.detections)
  }

  /// The update rule.
  package var optimizer: StochasticGradientDescent {
    StochasticGradientDescent(
      momentum: configuration.training.momentum, weightDecay: configuration.training.weightDecay)
  }

  private var boxCoder: BoxCoder { BoxCoder(variances: configuration.model.variances) }

  /// How many layers from the input on keep their weights.
  ///
  /// - Throws: ``ConfigurationError`` when `training.freeze` names no layer, or one with which no base network would be left.
  package func frozenLayers() throws(ConfigurationError) -> Int {
    guard let name = configuration.training.freeze else { return 0 }
    let layers = model.graph.nodes.map(\.layer.name)
    // Behind the first predictor there is nothing left that could be frozen and leave the others trained.
    let candidates = layers.prefix { !model.isPredictor($0) }
    if let position = candidates.firstIndex(of: name) { return position + 1 }
    var known = KeyIndex()
    for layer in candidates { known.insert(layer) }
    let hint = known.nearest(to: name).map { "; did you mean '\($0)'?" } ?? ""
    throw ConfigurationError(
      .file(configuration.source, line: nil), key: "training.freeze",
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
    let file = try configuration.model.weights.map { (path) throws(FileError) in
      if let directory = RunCheckpoints(directory: path) { throw directory.refusal }
      return try TensorFiles.open(path)
    }
    var inputScales = model.initialize(
      weights, with: configuration.model.initialization,
      hasPretrainedBase: try file.map { (file) throws(FileError) in
        model.isPretrainedBase(names: try file.namesOfWeights())
      } ?? false,
      seed: configuration.training.seed)
    guard let file else { return inputScales }
    let scalesOfFile = try InputScales(metadataOf: file)
    let loading = try WeightLoading(
      from: file, into: weights, classNames: classNames, naming: model.tensorNaming)
    for line in loading.summary(path: file.path) { logger?.info("\(line)") }
    let taken = Set(loading.taken + loading.takenByClass)
    for parameter in weights.layout.variables where taken.contains(parameter.name) {
      inputScales[parameter] = scalesOfFile[parameter]
    }
    if let input = loading.input {
      let (kernel, spread) = model.convertFirstLayer(of: weights, from: input)
      inputScales[kernel] = spread
    }
    return inputScales
  }
}
