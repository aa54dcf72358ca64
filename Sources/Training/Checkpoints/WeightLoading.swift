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

    package init(name: String, found: [Int], expected: [Int]) {
      self.name = name
      self.found = found
      self.expected = expected
    }
  }

  /// Parameters filled from the file, in the model's order.
  public private(set) var taken: [String] = []
  /// Parameters that the file does not have, left at their initial values.
  public private(set) var missing: [String] = []
  /// Classification heads for another number of classes, left at their initial values.
  public private(set) var mismatched: [Mismatch] = []
  /// Tensors of the file that the model does not have, skipped. Momentum is not listed.
  public private(set) var unexpected: [String] = []

  /// Fills the weights that the file has; from a checkpoint with a moving average of the weights, the average.
  ///
  /// - Throws: ``CheckpointError`` when a shape differs other than by the number of classes, or when no tensor fits at all.
  ///   The weights are changed only when nothing is wrong.
  public init(from file: SafetensorsFile, into weights: ParameterArena) throws(CheckpointError) {
    var places: [(SafetensorsFile.Tensor, Parameter)] = []
    for parameter in weights.layout.parameters {
      let average = file.tensor(named: Checkpoint.averagePrefix + parameter.name)
      guard let tensor = average ?? file.tensor(named: parameter.name) else {
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

  /// Names, or for more than fit into a line how many there are of each part of a model: "backbone.extra (20 tensors)".
  private static func list(_ names: [String]) -> String {
    guard names.count > 6 else { return names.joined(separator: ", ") }
    func part(_ name: String) -> String { name.split(separator: ".").prefix(2).joined(separator: ".") }
    let parts = Dictionary(grouping: names, by: part)
    var seen: Set<String> = []
    return names.map(part).filter { seen.insert($0).inserted }.map { part in
      let members = parts[part, default: []]
      return members.count == 1 ? members[0] : "\(part) (\(members.count) tensors)"
    }.joined(separator: ", ")
  }

  /// What happened, for people: one line for each kind of tensor there was.
  package func summary(path: String) -> [String] {
    var lines = ["\(path): \(Quantities.count(taken.count, "tensor")) taken"]
    if !missing.isEmpty { lines.append("not in the file, initialised: \(Self.list(missing))") }
    for mismatch in mismatched {
      lines.append(
        "other number of classes, initialised: \(mismatch.name) (\(mismatch.found), not \(mismatch.expected))")
    }
    if !unexpected.isEmpty { lines.append("not in the model, skipped: \(Self.list(unexpected))") }
    return lines
  }

  /// Throws unless every parameter was filled, as a detector needs.
  package func requireComplete(path: String) throws(CheckpointError) {
    if let mismatch = mismatched.first {
      throw CheckpointError(
        path, tensor: mismatch.name, "has shape \(mismatch.found), the model needs \(mismatch.expected)")
    }
    if let name = missing.first {
      throw CheckpointError(path, tensor: name, "missing; a detector needs all \(taken.count + missing.count) tensors")
    }
  }

  private static func differsInClassCount(_ name: String, _ found: [Int], _ expected: [Int]) -> Bool {
    name.hasPrefix("head.classification_head.") && found.dropFirst() == expected.dropFirst()
  }
}

extension Checkpoint {
  /// Fills the weights of a detector.
  ///
  /// - Throws: ``CheckpointError`` when a tensor of the model is missing from the file or has another shape.
  public func fill(_ weights: ParameterArena) throws(CheckpointError) {
    let loading = try WeightLoading(from: file, into: weights)
    try loading.requireComplete(path: file.path)
  }
}
