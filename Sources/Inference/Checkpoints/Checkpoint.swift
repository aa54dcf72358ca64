import Configuration
import Files
import Foundation
import Layers
import Logging
import MessagePassing
import ModelFiles
import Tensors

/// A file with a detector's weights, safetensors or PyTorch's: a checkpoint of a training run, or plain weights from elsewhere.
///
/// A checkpoint of a run also holds the momentum, the moving average of the weights where one is kept, and, in its metadata, all else
/// that continues the run bit by bit. Its tensors' SHA-256 is verified when it is opened; what is restored from it first are the very
/// values that were verified, which are in memory until then.
package struct Checkpoint {
  /// What a training run writes beside its tensors.
  package struct Metadata: Sendable, Equatable {
    /// Optimizer steps taken.
    package let iteration: Int
    /// The resolved configuration of the run, as YAML.
    package let configurationYAML: String
    /// Names of the classes, label 1 first, background not among them.
    package let classNames: [String]
    /// See ``TensorFile/parametersSHA256(keepsValues:)``; empty in what is to be written, which gets it then.
    package let parametersSHA256: String
    /// How large the values are that layers read.
    package let inputScales: InputScales
    /// The tree along which the run adds gradients.
    package let summation: SummationOrder.Form
    /// The build that wrote it, see ``BuildIdentity/line``; nil in checkpoints of older versions.
    package let build: String?
    /// Which of the histories of its run directory it is of; nil where copies in memory have not been kept.
    package let history: String?

    /// What a run writes after `iteration` steps.
    package init(
      iteration: Int, configurationYAML: String, classNames: [String], parametersSHA256: String = "",
      inputScales: InputScales, summation: SummationOrder.Form, build: String? = nil, history: String? = nil
    ) {
      self.iteration = iteration
      self.configurationYAML = configurationYAML
      self.classNames = classNames
      self.parametersSHA256 = parametersSHA256
      self.inputScales = inputScales
      self.summation = summation
      self.build = build
      self.history = history
    }
  }

  /// What stands before the names of all tensors that only training reads.
  package static let optimizerPrefix = "optimizer."
  /// What stands before a parameter's name in the name of its momentum.
  package static let momentumPrefix = optimizerPrefix + "momentum."
  /// What stands before a parameter's name in the name of its moving average.
  package static let averagePrefix = "optimizer.average."
  fileprivate static let runningVariance = ".running_var"

  /// The tensors.
  package let file: any TensorFile
  /// Nil for plain weights.
  package let metadata: Metadata?

  /// Opens a file and verifies it: header, size, metadata and, for a checkpoint of a run, every tensor's bytes.
  package init(contentsOf path: String, calls: any SystemCalls = LinuxCalls()) throws(FileError) {
    if let directory = RunCheckpoints(directory: path) { throw directory.refusal }
    file = try TensorFiles.open(path, calls: calls)
    metadata = try Metadata(file)
    if let metadata {
      let found = try file.parametersSHA256(keepsValues: true)
      guard found == metadata.parametersSHA256 else {
        throw FileError(path, "the tensors have SHA-256 \(found), the metadata says \(metadata.parametersSHA256)")
      }
    }
  }

  /// Opens a file that a run is to be continued from.
  ///
  /// - Throws: `FileError` when the file has only weights.
  package init(resuming path: String) throws(FileError) {
    try self.init(contentsOf: path)
    try requireState()
  }

  /// What a run is continued with.
  ///
  /// - Throws: ``FileError`` when the file has only weights.
  @discardableResult
  package func requireState() throws(FileError) -> Metadata {
    let remedy = "a run cannot be continued from it: start one from them by --set model.weights=\(file.path)"
    guard let metadata else { throw FileError(file.path, "holds weights only; \(remedy)") }
    if isExport {
      throw FileError(
        file.path, "holds weights without momentum, as 'multibox export' writes them; \(remedy)")
    }
    return metadata
  }

  /// Whether the file is of a run but has no momentum, see ``export(to:)``.
  private var isExport: Bool {
    metadata != nil && !file.tensors.contains { $0.name.hasPrefix(Self.optimizerPrefix) }
  }

  /// Opens a file, or the newest valid checkpoint of a run directory.
  ///
  /// - Parameter logger: told which file of a directory it is, and of checkpoints that are not valid.
  package init(at path: String, logger: Logger) throws(FileError) {
    let url = URL(fileURLWithPath: path)
    // The file `latest` names a checkpoint beside it.
    let place = url.lastPathComponent == "latest" ? url.deletingLastPathComponent().relativePath : path
    guard let directory = RunCheckpoints(directory: place) else {
      self = try Checkpoint(contentsOf: path)
      return
    }
    self = try directory.newest(logger)
    logger.info("\(path): the newest checkpoint is \(file.path)")
  }

  /// Writes the weights, where there is a moving average that, without the momentum, with all that a detector needs; the file appears complete and durable or not at
  /// all. Where PyTorch's batch normalisation counts its steps, the file does, so that nothing is missing there.
  ///
  /// - Precondition: the file is not of plain weights, which have nothing to leave out.
  /// - Throws: ``FileError`` when the file cannot be read or written.
  package func export(to path: String, as format: WeightFormat = .safetensors) throws(FileError) {
    guard let metadata else { preconditionFailure("\(file.path): no checkpoint of a run") }
    var tensors: [TensorSource] = []
    for tensor in file.tensors where tensor.type.isReadable && !tensor.name.hasPrefix(Self.optimizerPrefix) {
      let values = try file.floats(of: file.tensor(named: Self.averagePrefix + tensor.name) ?? tensor)
      tensors.append(
        TensorSource(name: tensor.name, shape: tensor.shape) { _ = $0.update(fromContentsOf: values) })
      if tensor.name.hasSuffix(Self.runningVariance) {
        let layer = tensor.name.dropLast(Self.runningVariance.count)
        tensors.append(TensorSource(name: layer + WeightLoading.batchCount, count: metadata.iteration))
      }
    }
    file.releaseValues()
    try format.write(tensors, to: path, metadata: file.metadata, hashKey: Metadata.hashKey)
  }

  /// Which model the file is of, for messages.
  package var origin: String {
    guard let metadata, let configuration = try? Configuration(yaml: metadata.configurationYAML, name: file.path) else {
      return ""
    }
    let model = configuration.model
    return
      "; the checkpoint is of \(model.architecture.name), width \(model.widthMultiplier), \(metadata.classNames.count) classes"
  }
}

extension TensorFile {
  /// The values of a tensor of weights.
  ///
  /// - Throws: ``FileError`` also for what no network computes with: NaN, infinity, and a variance below 0.
  func weights(_ tensor: TensorEntry) throws(FileError) -> [Float] {
    let values = try floats(of: tensor)
    let isVariance = tensor.name.hasSuffix(Checkpoint.runningVariance)
    guard let index = values.firstIndex(where: { !$0.isFinite || (isVariance && $0 < 0) }) else { return values }
    let kind = isVariance ? "a variance is 0 or more" : "weights are finite"
    throw FileError(
      path, tensor: tensor.name,
      "value \(index) is \(values[index]), and \(kind): the training that wrote it has diverged, or the file is damaged; take an earlier checkpoint or other weights"
    )
  }
}

extension VariableArena {
  /// Fills a parameter from a tensor of the same shape.
  package func read(
    _ tensor: TensorEntry, of file: any TensorFile, as parameter: Variable
  ) throws(FileError) {
    let values = try file.weights(tensor)
    values.withUnsafeBufferPointer { parameter.copyFromFileOrder(from: $0, to: self[parameter]) }
  }
}

extension Checkpoint.Metadata {
  /// The keys of the safetensors metadata; their values are all text.
  fileprivate enum Key: String {
    case version = "multibox_version"
    case iteration
    case configuration
    case classNames = "class_names"
    case parametersSHA256 = "sha256"
    /// A JSON object; checkpoints of older versions do not have it.
    case inputScales = "input_scales"
    /// ``SummationOrder/Form``; checkpoints of older versions do not have it.
    case summation = "summation_order"
    /// For people; nothing is decided by it.
    case build
    /// A text that a run draws where it begins; see `checkpoint.memory_every_seconds`.
    case history
  }

  private static let version = "1"
  /// The key of the tensors' hash.
  package static let hashKey = Key.parametersSHA256.rawValue

  /// The metadata as it is written.
  package var entries: [String: String] {
    let names = JSONLiteral(array: classNames.map { JSONLiteral($0) })
    var entries: [Key: String] = [
      .version: Self.version, .iteration: String(iteration), .configuration: configurationYAML,
      .classNames: names.description, .parametersSHA256: parametersSHA256,
      .summation: String(summation.rawValue),
    ]
    entries[.build] = build
    entries[.history] = history
    if !inputScales.byName.isEmpty { entries[.inputScales] = inputScales.json.description }
    return Dictionary(uniqueKeysWithValues: entries.map { ($0.rawValue, $1) })
  }

  /// The value of `model.variant`; nil where the model has none.
  var variant: String? {
    let model = (try? Configuration(yaml: configurationYAML, name: ""))?.model
    return model.flatMap { $0.architecture.variant.isEmpty ? nil : $0.architecture.variant }
  }

  /// Reads the metadata of a checkpoint; nil when the file is none.
  package init?(_ file: any TensorFile) throws(FileError) {
    guard let version = file.metadata[Key.version.rawValue] else { return nil }
    guard version == Self.version else {
      throw FileError(file.path, "checkpoint version \(version) is not supported; expected \(Self.version)")
    }
    func entry(_ key: Key) throws(FileError) -> String {
      guard let value = file.metadata[key.rawValue] else {
        throw FileError(file.path, "the metadata has no \(key.rawValue)")
      }
      return value
    }
    let iterationText = try entry(.iteration)
    guard let iteration = Int(iterationText), iteration >= 0 else {
      throw FileError(file.path, "the metadata's iteration is '\(iterationText)'")
    }
    let namesText = try entry(.classNames)
    guard let names = try? JSONDecoder().decode([String].self, from: Data(namesText.utf8)) else {
      throw FileError(file.path, "the metadata's class_names are no list of texts: \(namesText)")
    }
    let form = file.metadata[Key.summation.rawValue] ?? String(SummationOrder.Form.halves.rawValue)
    guard let summation = Int(form).flatMap(SummationOrder.Form.init(rawValue:)) else {
      throw FileError(file.path, "the metadata's summation_order is '\(form)', which this version does not know")
    }
    self.init(
      iteration: iteration, configurationYAML: try entry(.configuration), classNames: names,
      parametersSHA256: try entry(.parametersSHA256), inputScales: try InputScales(metadataOf: file),
      summation: summation, build: file.metadata[Key.build.rawValue], history: file.metadata[Key.history.rawValue])
  }
}

extension InputScales {
  fileprivate var json: JSONLiteral {
    JSONLiteral(object: byName.sorted { $0.key < $1.key }.map { ($0.key, JSONLiteral(Double($0.value))) })
  }

  /// What a checkpoint says; nothing in plain weights and in checkpoints of older versions.
  package init(metadataOf file: any TensorFile) throws(FileError) {
    self.init()
    guard let text = file.metadata[Checkpoint.Metadata.Key.inputScales.rawValue] else { return }
    guard let scales = try? JSONDecoder().decode([String: Float].self, from: Data(text.utf8)),
      scales.values.allSatisfy({ $0.isFinite && $0 > 0 })
    else { throw FileError(file.path, "the metadata's input_scales are no positive numbers by name: \(text)") }
    self.init(scales)
  }
}
