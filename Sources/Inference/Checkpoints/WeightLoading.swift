import Files
import ModelFiles
import Models
import Tensors

/// What became of every tensor when a model was started from the weights in a file.
package struct WeightLoading: Sendable {
  /// A tensor that was left out because its classes are not the model's.
  package struct Mismatch: Sendable, Equatable {
    /// The parameter, left at its initial value.
    package let name: String
    /// The shape in the file.
    package let found: [Int]
    /// The shape in the model.
    package let expected: [Int]

    package init(name: String, found: [Int], expected: [Int]) {
      self.name = name
      self.found = found
      self.expected = expected
    }
  }

  /// Parameters filled from the file, in the model's order.
  package private(set) var taken: [String] = []
  /// Parameters that the file does not have, left at their initial values.
  package private(set) var missing: [String] = []
  /// Classification heads of which the channels of some classes were taken, by the classes' names.
  package private(set) var takenByClass: [String] = []
  /// Classes of the model that the file does not have; their channels are at their initial values.
  package private(set) var missingClasses: [String] = []
  /// Classification heads for other classes, left at their initial values.
  package private(set) var mismatched: [Mismatch] = []
  /// Parameters that were made of a fully connected layer, and what was kept of it.
  package private(set) var subsampled: [(name: String, part: String)] = []
  /// Whose names the file's tensors have, when that is not the model's own origin.
  package private(set) var origin: String?
  /// The images that the weights read, when the first layer has yet to be converted to the model's.
  package private(set) var input: ImageInput?
  /// Tensors of the file that the model does not have, skipped. Momentum is not listed.
  package private(set) var unexpected: [String] = []

  /// Fills the weights that the file has; from a checkpoint with a moving average of the weights, the average.
  ///
  /// - Parameters:
  ///   - classNames: the model's classes, label 1 first: the channels of a classification head are then taken for the
  ///   classes that the file has too. Nil takes a head when the number of classes agrees, and so does a file that does not
  ///   say its classes, unless their number is that of Pascal VOC or COCO.
  ///   - naming: how weights of others are named.
  /// - Throws: ``FileError`` when a shape differs other than by the number of classes, or when no tensor fits at all.
  ///   Names and shapes are checked before anything is changed.
  package init(
    from file: any TensorFile, into weights: VariableArena, classNames: [String]? = nil,
    naming: TensorNaming = .torchvision
  ) throws(FileError) {
    let metadata = try Checkpoint.Metadata(file)
    if let variant = metadata?.variant, let own = naming.variant, variant != own {
      throw FileError(
        file.path,
        "a checkpoint of model.variant \(variant), the model is of \(own), which computes other numbers with the same weights: --set model.variant=\(variant)"
      )
    }
    let isForeign = metadata == nil
    let hasBackgroundLast = isForeign && naming.hasBackgroundLast
    let namesOfWeights = try file.namesOfWeights()
    let map = isForeign ? naming.map(for: namesOfWeights) : nil
    let names = isForeign ? map.own(namesOfWeights) : [:]
    (origin, input) = (map?.origin, map?.input)
    var heads: [(TensorEntry, Variable, ClassCorrespondence)] = []
    var places: [(TensorEntry, Variable)] = []
    var parts: [(TensorEntry, Variable, Subsampling)] = []
    for parameter in weights.layout.variables {
      let average = file.tensor(named: Checkpoint.averagePrefix + parameter.name)
      guard let tensor = average ?? file.tensor(named: names[parameter.name] ?? parameter.name) else {
        missing.append(parameter.name)
        continue
      }
      let expected = parameter.fileShape
      let isHead = naming.isClassPredictor(parameter.name) && Self.isHead(tensor.shape, expected)
      let classes =
        isHead ? try Self.correspondence(tensor.shape, expected, classNames, file, hasBackgroundLast) : nil
      if let classes, !classes.isIdentity {
        if classes.isUseful {
          heads.append((tensor, parameter, classes))
          takenByClass.append(parameter.name)
          missingClasses = classes.missingLabels.map { classNames![$0 - 1] }
        } else {
          mismatched.append(Mismatch(name: parameter.name, found: tensor.shape, expected: expected))
        }
      } else if tensor.shape == expected {
        places.append((tensor, parameter))
        taken.append(parameter.name)
      } else if isForeign, let part = naming.subsampling(of: parameter, from: tensor.shape) {
        parts.append((tensor, parameter, part))
        taken.append(parameter.name)
        subsampled.append((parameter.name, part.text(part: expected)))
      } else if isHead {
        mismatched.append(Mismatch(name: parameter.name, found: tensor.shape, expected: expected))
      } else {
        let variant = naming.variant(withShape: tensor.shape, of: parameter.name)
        let remedy = variant.map { "; the file is of model.variant: \($0)" } ?? ""
        throw FileError(
          file.path, tensor: tensor.name, "has shape \(tensor.shape), the model needs \(expected)\(remedy)")
      }
    }
    let known = Set(weights.layout.variables.map { names[$0.name] ?? $0.name })
    unexpected = file.tensors.map(\.name).filter {
      !known.contains($0) && !$0.hasPrefix(Checkpoint.optimizerPrefix) && !$0.hasSuffix(Self.batchCount)
    }
    guard !taken.isEmpty else {
      let example = unexpected.first.map { ", the file's are like \($0)" } ?? ""
      throw FileError(file.path, "no tensor fits: the model's are like \(missing.first ?? "none")\(example)")
    }
    for (tensor, parameter) in places {
      try weights.read(tensor, of: file, as: parameter)
    }
    for (tensor, parameter, part) in parts {
      try weights.read(tensor, of: file, as: parameter, part: part)
    }
    for (tensor, parameter, classes) in heads {
      try weights.read(tensor, of: file, as: parameter, classes: classes)
    }
  }

  /// How the classes of a head in the file are the model's; nil for other tensors, and when the file's are not known.
  private static func correspondence(
    _ found: [Int], _ expected: [Int], _ classNames: [String]?, _ file: any TensorFile, _ hasBackgroundLast: Bool
  ) throws(FileError) -> ClassCorrespondence? {
    guard let classNames else { return nil }
    let (boxes, rest) = expected[0].quotientAndRemainder(dividingBy: classNames.count + 1)
    guard rest == 0, boxes > 0, found[0].isMultiple(of: boxes), found[0] > boxes else { return nil }
    let ofFile = try file.classNames(count: found[0] / boxes - 1)
    // Classes that nobody has named are the model's if there are as many.
    guard let names = ofFile ?? (hasBackgroundLast && found == expected ? classNames : nil) else { return nil }
    return ClassCorrespondence(model: classNames, file: names, hasBackgroundLast: hasBackgroundLast)
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
    let names = origin.map { ", by the names of \($0)" } ?? ""
    var lines = ["\(path): \(Quantities.count(taken.count, "tensor")) taken\(names)"]
    if input != nil { lines.append("\(taken[0]): converted to read the model's input, RGB 0-255 minus the mean") }
    lines += subsampled.filter { $0.name.hasSuffix(".weight") }.map { "\($0.name): \($0.part)" }
    if !missing.isEmpty { lines.append("not in the file, initialised: \(Self.list(missing))") }
    if !takenByClass.isEmpty {
      let rest =
        missingClasses.isEmpty ? "" : "; not in the file, initialised: \(missingClasses.joined(separator: ", "))"
      lines.append(
        "other classes or another order, taken class by class by their names: \(Self.list(takenByClass))\(rest)")
    }
    let renamed = mismatched.filter { $0.found == $0.expected }.map(\.name)
    if !renamed.isEmpty { lines.append("other classes, initialised: \(Self.list(renamed))") }
    for mismatch in mismatched where mismatch.found != mismatch.expected {
      lines.append(
        "other number of classes, initialised: \(mismatch.name) (\(mismatch.found), not \(mismatch.expected))")
    }
    if !unexpected.isEmpty { lines.append("not in the model, skipped: \(Self.list(unexpected))") }
    return lines
  }

  /// Throws unless every parameter was filled, as a detector needs.
  package func requireComplete(path: String) throws(FileError) {
    if let mismatch = mismatched.first {
      throw FileError(
        path, tensor: mismatch.name, "has shape \(mismatch.found), the model needs \(mismatch.expected)")
    }
    if let name = missing.first {
      throw FileError(path, tensor: name, "missing; a detector needs all \(taken.count + missing.count) tensors")
    }
  }

  /// What PyTorch's batch normalisation counts, and nothing reads: "NAME.num_batches_tracked".
  static let batchCount = ".num_batches_tracked"

  /// Whether a tensor is that of a classification head, if of another number of classes.
  private static func isHead(_ found: [Int], _ expected: [Int]) -> Bool {
    !found.isEmpty && found.dropFirst() == expected.dropFirst()
  }
}

extension Checkpoint {
  /// Fills the weights of a detector.
  ///
  /// Other names for the classes of the checkpoint are taken for new names, in its order. When they are some of its classes, or
  /// all in another order, each gets its own channels.
  ///
  /// - Parameters:
  ///   - classNames: the detector's classes, label 1 first.
  ///   - naming: how weights of others are named.
  /// - Throws: ``FileError`` when a tensor of the model is missing from the file or has another shape, and when some
  ///   classes are the checkpoint's in another order and others are not its at all.
  package func fill(
    _ weights: VariableArena, classNames: [String],
    naming: TensorNaming = .torchvision
  ) throws(FileError) {
    defer { file.releaseValues() }
    let own = metadata?.classNames ?? classNames
    let isReordered = metadata == nil && naming.hasBackgroundLast
    let isSelection = own != classNames && Set(classNames).isSubset(of: own)
    if !isSelection, let name = zip(classNames, own).first(where: { $0 != $1 && own.contains($0) })?.0 {
      throw FileError(
        file.path,
        "its classes are \(own.joined(separator: ", ")); \"\(name)\" has another place under data.classes, where others are not among them: give the checkpoint's order"
      )
    }
    let loading = try WeightLoading(
      from: file, into: weights, classNames: isSelection || isReordered ? classNames : nil, naming: naming)
    try loading.requireComplete(path: file.path)
  }
}
