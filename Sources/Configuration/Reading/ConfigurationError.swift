/// Why a configuration was refused: every problem found, in the order of the file, those of `--set` last.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// One fault of the configuration.
  package struct Problem: Sendable, Equatable, CustomStringConvertible {
    /// Where the value comes from.
    package let origin: ConfigurationOrigin
    /// The key with its sections, as in `training.global_batch`; nil when the fault is not one key's.
    package let key: String?
    /// What was expected and what was found.
    package let reason: String

    /// `configs/a.yaml:12: training.global_batch: expected …, found …`
    package var description: String {
      ([origin.description, key, reason] as [String?]).compactMap { $0 }.joined(separator: ": ")
    }
  }

  /// At least one.
  package let problems: [Problem]

  /// One problem a line.
  package var description: String {
    problems.map(\.description).joined(separator: "\n")
  }

  package init(_ problems: [Problem]) {
    precondition(!problems.isEmpty, "a configuration error needs a problem")
    self.problems = problems
  }

  package init(_ origin: ConfigurationOrigin, key: String? = nil, _ reason: String) {
    problems = [Problem(origin: origin, key: key, reason: reason)]
  }
}

/// The place a configuration value was read from.
package enum ConfigurationOrigin: Sendable, Equatable, CustomStringConvertible {
  /// A line, counted from 1, of the named YAML text; nil when the whole text is meant.
  case file(String, line: Int?)
  /// A `--set` argument, as given.
  case override(String)

  /// `file:line` or `--set argument`.
  package var description: String {
    switch self {
    case .file(let name, let line?): "\(name):\(line)"
    case .file(let name, nil): name
    case .override(let argument): "--set \(argument)"
    }
  }

  /// Sorts the lines of a file before overrides.
  package var order: Int {
    switch self {
    case .file(_, let line): line ?? 0
    case .override: .max
    }
  }
}
