import Yams

/// One key of the configuration: where its value is, which values are legal, and what it means.
struct ConfigurationKey: Sendable {
  /// What a run that is continued may do with a key.
  enum Change: Sendable {
    /// It must stay: the result depends on it.
    case decides
    /// It may change; no iteration computes anything else.
    case neutral
    /// It may change unless the learning rate goes by the length of the run.
    case length
  }

  /// With its sections, as in `training.seed`.
  let path: [String]
  /// For the document, in Markdown.
  let meaning: String
  /// See ``Change``.
  let change: Change
  /// Whether it must be given.
  let isRequired: Bool
  /// Whether checkpoints may be older than the key; they were made with its default.
  let isYoung: Bool
  /// Why the key must not be given in a configuration; nil when it may.
  let refusal: @Sendable (Configuration) -> String?
  /// What is expected, for messages.
  let expected: @Sendable (Configuration) -> String
  /// Puts a value into a configuration.
  let read: @Sendable (ConfigurationNode, inout Configuration) throws(ValueFault) -> Void
  /// The value in a configuration; nil when it is not written there.
  let write: @Sendable (Configuration) -> Node?
  /// Type and legal values for the document.
  let type: String
  let values: String
  /// The default for the document where it is not that of the declaration.
  let statedDefault: String?

  /// "training.seed".
  var name: String { path.joined(separator: ".") }

  /// The section, "training"; empty at the top level.
  var section: String { path.count > 1 ? path[0] : "" }

  /// The default for the document.
  var documentedDefault: String {
    if isRequired { return "required" }
    if let statedDefault { return statedDefault }
    guard let text = write(Configuration(source: ""))?.scalar?.string else { return "" }
    return "`\(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)`"
  }
}
