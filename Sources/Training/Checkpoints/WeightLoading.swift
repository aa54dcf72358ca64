import Tensors

/// What became of every tensor when a model was started from the weights in a file.
public struct WeightLoading: Sendable, Equatable {
  /// A tensor that was left out because its class count is not the model's.
  public struct Mismatch: Sendable, Equatable {
    /// The parameter, left at its initial value.
    public let name: String
    /// The shape in the file.
    public let found: [Int]
    /// The shape in the model.
    public let expected: [Int]
  }

  /// Parameters filled from the file, in the model's order.
  public private(set) var taken: [String] = []
  /// Parameters that the file does not have, left at their initial values.
  public private(set) var missing: [String] = []
  /// Classification heads for another number of classes, left at their initial values.
  public private(set) var mismatched: [Mismatch] = []
  /// Tensors of the file that the model does not have, skipped. Momentum is not listed.
  public private(set) var unexpected: [String] = []

  /// Fills the weights that the file has.
  ///
  /// - Throws: ``CheckpointError`` when a shape differs other than by the number of classes, or when no tensor fits at all.
  ///   The weights are changed only when nothing is wrong.
  public init(from file: SafetensorsFile, into weights: ParameterArena) throws(CheckpointError) {
    var places: [(SafetensorsFile.Tensor, Parameter)] = []
    for parameter in weights.layout.parameters {
      guard let tensor = file.tensor(named: parameter.name) else {
        missing.append(parameter.name)
        continue
      }
      let expected = parameter.fileShape
      if tensor.shape == expected {
        places.append((tensor, parameter))
        taken.append(parameter.name)
      } else if Self.differsInClassCount(parameter.name, tensor.shape, expected) {
        mismatched.append(Mismatch(name: parameter.name, found: tensor.shape, expected: expected))
      } else {
        throw CheckpointError(
          file.path, tensor: parameter.name, "has shape \(tensor.shape), the model needs \(expected)")
      }
    }
    let known = Set(weights.layout.parameters.map(\.name))
    unexpected = file.tensors.map(\.name).filter { !known.contains($0) && !$0.hasPrefix("optimizer.") }
    guard !taken.isEmpty else {
      let example = unexpected.first.map { ", the file's are like \($0)" } ?? ""
      throw CheckpointError(file.path, "no tensor fits: the model's are like \(missing.first ?? "none")\(example)")
    }
    for (tensor, parameter) in places {
      try weights.read(tensor, of: file, as: parameter)
    }
  }

  /// Every tensor that was taken, left at its initial value or skipped, in lines for people.
  public func summary(path: String) -> [String] {
    let mismatches = mismatched.map { "\($0.name) (\($0.found) in the file, \($0.expected) in the model)" }
    let lists = [
      ("taken", taken), ("not in the file, left at their initial values", missing),
      ("for another number of classes, left at their initial values", mismatches),
      ("skipped, the model has no place for them", unexpected),
    ]
    return lists.filter { !$0.1.isEmpty }.map { what, names in
      "\(path): \(what) (\(names.count)): \(names.joined(separator: ", "))"
    }
  }

  /// Makes sure that every parameter was filled, as a detector needs.
  ///
  /// - Throws: ``CheckpointError`` naming the first parameter that was not.
  public func requireComplete(path: String) throws(CheckpointError) {
    if let name = missing.first {
      throw CheckpointError(path, tensor: name, "missing")
    }
    if let mismatch = mismatched.first {
      throw CheckpointError(
        path, tensor: mismatch.name, "has shape \(mismatch.found), the model needs \(mismatch.expected)")
    }
  }

  private static func differsInClassCount(_ name: String, _ found: [Int], _ expected: [Int]) -> Bool {
    name.hasPrefix("head.classification_head.") && found.dropFirst() == expected.dropFirst()
  }
}
