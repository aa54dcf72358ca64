import Foundation

/// Words in braces that stand for what tells jobs apart: `{task}`, `{job}`, and variables of the environment as `{SLURM_ARRAY_TASK_ID}`; in the
/// run directory also `{seed}`.
struct Placeholders {
  private let environment: [String: String]

  init(environment: [String: String]) { self.environment = environment }

  private static let meaning: [String: (variables: [String], what: String)] = [
    "job": (
      ["SLURM_ARRAY_JOB_ID", "SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"],
      "the number of a job of Slurm, PBS, LSF or Grid Engine"
    ),
    "task": (
      ["SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX", "PBS_ARRAYID", "LSB_JOBINDEX", "SGE_TASK_ID"],
      "the number in an array of jobs, as by sbatch --array"
    ),
  ]

  /// A text with the values in place of the words; `{seed}` and what is no placeholder stay.
  ///
  /// - Parameters:
  ///   - origin: of the text, for messages.
  ///   - key: of the text, for messages.
  /// - Throws: ``ConfigurationError`` for a placeholder without a value.
  func expand(_ text: String, origin: ConfigurationOrigin, key: String? = nil) throws(ConfigurationError) -> String {
    var result = ""
    var rest = text[...]
    while let match = rest.firstMatch(of: #/\{([a-z]+|[A-Z][A-Z0-9_]*)\}/#) {
      let name = String(match.output.1)
      result += rest[..<match.range.lowerBound]
      result += try value(of: name, origin, key) ?? String(match.output.0)
      rest = rest[match.range.upperBound...]
    }
    return result + rest
  }

  private func value(
    of name: String, _ origin: ConfigurationOrigin, _ key: String?
  ) throws(ConfigurationError) -> String? {
    if let (variables, what) = Self.meaning[name] {
      if let value = variables.lazy.compactMap({ Self.number($0, environment[$0]) }).first { return value }
      throw ConfigurationError(
        origin, key: key,
        "{\(name)} stands for \(what); the environment has none of \(variables.joined(separator: ", "))")
    }
    guard name == name.uppercased() else { return nil }
    if let value = environment[name], !value.isEmpty { return value }
    throw ConfigurationError(
      origin, key: key, "{\(name)} stands for a variable that the environment does not have, or has empty")
  }

  /// What a scheduler says of a job in an array; nil for its words for none.
  private static func number(_ variable: String, _ value: String?) -> String? {
    guard let value, !value.isEmpty, value != "undefined", variable != "LSB_JOBINDEX" || value != "0" else {
      return nil
    }
    // PBS numbers the members of an array in brackets.
    return variable == "PBS_JOBID" ? value.replacing(#/\[\d*\]/#, with: "") : value
  }

  /// A run directory with all words replaced.
  ///
  /// - Throws: ``ConfigurationError`` also for a word in braces that stands for nothing.
  func expand(
    output: String, seed: UInt64, origin: ConfigurationOrigin
  ) throws(ConfigurationError) -> String {
    // What was given on the command line is expanded already.
    var text = output
    if case .file = origin { text = try expand(output, origin: origin, key: "output") }
    text = text.replacing("{seed}", with: "\(seed)")
    if let word = text.firstMatch(of: #/\{[A-Za-z_][A-Za-z0-9_]*\}/#)?.output {
      throw ConfigurationError(
        origin, key: "output",
        "\(word) stands for nothing; there are {seed}, {job}, {task} and variables of the environment, in capitals")
    }
    return text
  }
}
