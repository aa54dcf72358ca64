import Configuration
import Files
import Inference
import ModelFiles
import Tensors

extension Checkpoint {
  /// Writes a checkpoint; the file appears complete and durable or not at all.
  ///
  /// - Parameters:
  ///   - build: which program writes, see ``BuildIdentity/line``.
  ///   - history: which history of the run directory the state is of.
  ///   - progress: called at every tensor that is hashed and written.
  package static func write(
    to path: String, iteration: Int, configuration: Configuration, state: TrainingState,
    build: String? = nil, history: String? = nil, progress: @escaping () -> Void = {},
    calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    let tensors = state.tensors.map { $0.arena.tensorSource($0.variable, prefix: $0.prefix).notifying(progress) }
    let metadata = Metadata(
      iteration: iteration, configurationYAML: configuration.resolvedYAML, classNames: configuration.data.classNames,
      inputScales: state.inputScales, summation: state.summation, build: build,
      history: history)
    try tensors.writeSafetensors(to: path, metadata: metadata.entries, hashKey: Metadata.hashKey, calls: calls)
  }

  /// Fills the state, which must be exactly what the file holds; but for the average, which starts at the weights where the file has
  /// none, and is left out where the state keeps none.
  ///
  /// - Throws: ``FileError`` naming the first tensor that is missing, has another shape, or has no place. The state
  ///   is changed only when all fit.
  package func restore(_ state: TrainingState) throws(FileError) {
    let metadata = try requireState()
    defer { file.releaseValues() }
    let holdsAverage = file.tensors.contains { $0.name.hasPrefix(Self.averagePrefix) }
    let places = state.tensors.filter { $0.prefix != Self.averagePrefix || holdsAverage }.map {
      prefix, variable, arena in
      (prefix + variable.name, variable, arena)
    }
    var tensors: [TensorEntry] = []
    for (name, parameter, _) in places {
      guard let tensor = file.tensor(named: name) else {
        throw FileError(file.path, tensor: name, "missing" + origin)
      }
      guard tensor.shape == parameter.fileShape else {
        throw FileError(
          file.path, tensor: name, "has shape \(tensor.shape), the model needs \(parameter.fileShape)" + origin)
      }
      tensors.append(tensor)
    }
    let expected = Set(places.map { $0.0 })
    let unexpected = file.tensors.first {
      !expected.contains($0.name) && (state.average != nil || !$0.name.hasPrefix(Self.averagePrefix))
    }
    if let unexpected {
      throw FileError(file.path, tensor: unexpected.name, "has no place in the model" + origin)
    }
    for (tensor, (_, parameter, arena)) in zip(tensors, places) {
      try arena.read(tensor, of: file, as: parameter)
    }
    if !holdsAverage { state.startAverage() }
    state.inputScales = metadata.inputScales
  }
}
