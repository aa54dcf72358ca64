import Datasets
import Files

/// Which split of the data set directories takes part: `data.train_split` or `data.evaluation_split`.
package enum SplitChoice: Sendable, Equatable, CustomStringConvertible {
  /// The split of this name, of every directory.
  case same(String)
  /// A split for each directory in turn; nothing for one that has no part.
  case each([String?])

  /// The names as in messages.
  package var description: String {
    switch self {
    case .same(let name): name
    case .each(let names): names.compactMap(\.self).joined(separator: ", ")
    }
  }
}

extension Configuration {
  /// The data set directories.
  ///
  /// - Throws: ``ConfigurationError`` when the configuration names none.
  package func requireRoots() throws(ConfigurationError) -> [String] {
    guard !data.roots.isEmpty else {
      throw ConfigurationError(
        .file(source, line: nil), key: "data.root", "missing; expected the directory of the data set, or a list of them"
      )
    }
    return data.roots
  }

  /// The directories that take part in a split.
  ///
  /// - Throws: ``ConfigurationError`` when there is no directory, or another number of them than of splits.
  package func sources(_ split: SplitChoice) throws(ConfigurationError) -> [DatasetSource] {
    let roots = try requireRoots()
    let directories = data.imageDirectories
    let places = roots.enumerated().map { index, root in
      (root, directories.count > 1 ? directories[index] : directories.first ?? nil)
    }
    switch split {
    case .same(let name):
      return places.map { DatasetSource(root: $0, split: name, imageDirectory: $1) }
    case .each(let names):
      guard names.count == roots.count else {
        throw ConfigurationError(
          .file(source, line: nil), key: split == data.trainSplit ? "data.train_split" : "data.evaluation_split",
          "a list of \(Quantities.count(names.count, "split")) for \(Quantities.count(roots.count, "directory", "directories")) under data.root; expected one for each, or null for one that has no part"
        )
      }
      return zip(places, names).compactMap { place, name in
        name.map { DatasetSource(root: place.0, split: $0, imageDirectory: place.1) }
      }
    }
  }

  /// What becomes of training images whose files cannot be read at all, when their headers are: with
  /// `data.damaged_images: replace` they are left out of the split.
  package var trainingFaults: FaultLog.Policy {
    data.damagedImages == .replace ? .leaveOutBrokenImages : .stopAtFirstError
  }

  /// The same for images to evaluate, by `evaluation.damaged_images: skip`.
  package var evaluationFaults: FaultLog.Policy {
    evaluation.damagedImages == .skip ? .leaveOutBrokenImages : .stopAtFirstError
  }

  /// Whether training evaluates: there is a split for it, and a time.
  package var evaluates: Bool { data.evaluationSplit != nil && evaluation.every != nil }

  /// The split to evaluate on.
  ///
  /// - Parameter option: the argument that names one, for the message.
  /// - Throws: ``ConfigurationError`` when the configuration has none.
  package func requireEvaluationSplit(orBy option: String) throws(ConfigurationError) -> SplitChoice {
    guard let split = data.evaluationSplit else {
      throw ConfigurationError(
        .file(source, line: nil), key: "data.evaluation_split",
        "null: there is nothing to evaluate on; name a split by \(option)"
      )
    }
    return split
  }

  /// One split of the configured data set.
  ///
  /// - Parameters:
  ///   - faults: whether to stop at the first error or to list all.
  ///   - team: who reads the same, and divides the files.
  ///   - willRead: called with the path of each image file before it is opened.
  /// - Throws: `DatasetError`, ``ConfigurationError``.
  package func dataset(
    split: SplitChoice, faults: FaultLog.Policy = .stopAtFirstError, team: ReadingTeam = .alone,
    willRead: @escaping (String) -> Void = { _ in }
  ) throws -> Dataset {
    try Dataset(
      data.format, sources(split), classes: data.classNames.isEmpty ? nil : data.classNames,
      mayLackClasses: split != data.trainSplit,
      rules: ReadingRules(unannotated: data.unannotatedImages, imageLimit: data.imageLimit), faults: faults, team: team,
      willRead: willRead)
  }

  /// The configuration with names for its classes: where it leaves them to the data, those of the training split.
  ///
  /// Only for COCO and YOLO there is something to read, and nothing once the names are in the resolved configuration.
  ///
  /// - Throws: `DatasetError` when the names cannot be read; ``ConfigurationError`` when there is no directory.
  package func namingClasses() throws -> Configuration {
    guard data.classNames.isEmpty, let first = try sources(data.trainSplit).first else { return self }
    let names = try Dataset.classNames(data.format, of: first).map { JSONLiteral($0) }
    return try Configuration(
      yaml: resolvedYAML, name: source, overrides: ["data.classes=\(JSONLiteral(array: names))"])
  }
}
