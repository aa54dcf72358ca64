import Configuration
import Datasets
import Files
import ModelFiles
import Models

extension Checkpoint {
  /// The configuration of the detector in the file, so that it can be used without a configuration file.
  ///
  /// A checkpoint of a run has it in its metadata. Plain weights are recognised when they are those that others publish of an
  /// architecture; their number of classes decides the names: 91 are COCO's category ids, 81 its categories, 21 the Pascal VOC classes.
  ///
  /// - Parameter overrides: `KEY=VALUE` arguments, see ``Configuration/init(yaml:name:overrides:)``.
  /// - Throws: ``FileError`` when the file is no such detector; ``ConfigurationError`` for the overrides.
  package func detectorConfiguration(overrides: [String] = []) throws -> Configuration {
    if let metadata {
      return try Configuration(yaml: metadata.configurationYAML, name: file.path, overrides: overrides).namingClasses()
    }
    let (architecture, published) = published
    let names = JSONLiteral(array: try classNames(of: architecture).map { JSONLiteral($0) })
    let settings = ["model.name=\(architecture.name)"] + published.settings.map { "\($0.key)=\($0.value)" }
    return try Configuration(
      yaml: "{version: 1, data: {classes: \(names)}}", name: file.path, overrides: settings + overrides
    ).namingClasses()
  }

  /// The architecture whose published weights have most tensors in common with the file.
  private var published: (Architecture, Architecture.PublishedWeights) {
    let shapes = Dictionary(file.tensors.map { ($0.name, $0.shape) }) { first, _ in first }
    /// Tensors with the names of the architecture's, and those of them that have the same shape: variants differ in shapes alone.
    func shared(_ architecture: Architecture) -> [Int] {
      let variables = SSD(architecture, objectClassCount: 1).layout.variables
      return [variables.count { shapes[$0.name] != nil }, variables.count { shapes[$0.name] == $0.fileShape }]
    }
    let candidates = Architecture.variants.compactMap { architecture in
      architecture.published.map { (architecture, $0) }
    }
    let counts = candidates.map { shared($0.0) }
    let best = counts.max { $0.lexicographicallyPrecedes($1) }!
    return candidates[counts.firstIndex(of: best)!]
  }

  private func classNames(of architecture: Architecture) throws(FileError) -> [String] {
    let model = SSD(architecture, objectClassCount: 1)
    let variable = model.layout.variables[0]
    let first = try shape(of: variable.name)
    guard first == variable.fileShape else {
      throw FileError(
        file.path, tensor: variable.name,
        "has shape \(first); without metadata only \(architecture.name) of width 1, \(variable.fileShape), is recognised"
      )
    }
    let head = model.layout.variables.first { model.tensorNaming.isClassPredictor($0.name) }!.name
    let classification = try shape(of: head)
    let boxesPerCell = architecture.defaultBoxes[0].layout.featureMaps[0].boxesPerCell
    guard classification.count == 4, classification[0] % boxesPerCell == 0, classification[0] >= 2 * boxesPerCell else {
      throw FileError(
        file.path, tensor: head, "has shape \(classification); expected \(boxesPerCell) · classes output channels")
    }
    let classes = classification[0] / boxesPerCell - 1
    return try file.classNames(count: classes) ?? (1...classes).map { "class_\($0)" }
  }

  private func shape(of name: String) throws(FileError) -> [Int] {
    guard let tensor = file.tensor(named: name) else {
      throw FileError(
        file.path, tensor: name,
        "missing; without metadata only a \(published.1.name) is recognised, others need --config")
    }
    return tensor.shape
  }
}

extension TensorFile {
  /// The classes of a detector in the file: those that a checkpoint states, or for plain weights those of the data set that
  /// has as many; nil when neither says them.
  package func classNames(count: Int) throws(FileError) -> [String]? {
    if let metadata = try Checkpoint.Metadata(self) {
      return metadata.classNames.count == count ? metadata.classNames : nil
    }
    return [COCOCategories.namesByIdentifier, COCOCategories.names, PascalVOCClasses.names].first { $0.count == count }
  }
}
