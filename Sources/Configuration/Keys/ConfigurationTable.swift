import Yams

/// The keys of the configuration, in the order in which they are read and written.
///
/// The table drives reading, writing, `--set`, the comparison when a run is continued, and the document of keys.
struct ConfigurationTable: Sendable {
  /// What keys must have in common with each other.
  struct Rule: Sendable {
    /// The key that is named when they have not.
    let key: String
    /// What is wrong; nil when nothing is.
    let fault: @Sendable (Configuration) -> String?
  }

  /// Every key. One that others depend on stands before them.
  private(set) var keys: [ConfigurationKey] = []
  /// What is checked when all keys have been read.
  private(set) var rules: [Rule] = []
  private var section: [String] = []

  /// The table.
  static let all: ConfigurationTable = {
    var table = ConfigurationTable()
    table.add(
      "version", { _ in .version(1) }, get: { _ in 1 }, set: { _, _ in }, required: true, "format of this file")
    table.within("model") { $0.addModel() }
    table.within("data") { $0.addData() }
    table.within("training") { $0.addTraining() }
    table.within("evaluation") { $0.addEvaluation() }
    table.within("checkpoint") { $0.addCheckpoint() }
    table.within("communication") { $0.addCommunication() }
    table.within("tensorboard") { $0.addTensorBoard() }
    table.add(
      "output", \.output, .path, change: .neutral, default: "the name of the file, under `runs/`",
      "[run directory](files.md#run-directory); `--output` overrides it")
    return table
  }()

  /// The mappings that have keys in them, each before its first key.
  var sections: [String] {
    let names = Set(keys.map(\.name))
    return keys.flatMap { key in (1..<max(1, key.path.count)).map { key.path.prefix($0).joined(separator: ".") } }
      .reduce(into: []) { if !$0.contains($1), !names.contains($1) { $0.append($1) } }
  }

  /// Sections and keys, for naming what was probably meant.
  var index: KeyIndex {
    var index = KeyIndex()
    var seen: Set<String> = []
    for key in keys {
      for length in 1...key.path.count {
        let name = key.path.prefix(length).joined(separator: ".")
        if seen.insert(name).inserted { index.insert(name) }
      }
    }
    return index
  }

  // MARK: Building

  /// Adds what is under a key.
  mutating func within(_ name: String, _ add: (inout Self) -> Void) {
    section.append(name)
    add(&self)
    section.removeLast()
  }

  /// Adds a key.
  ///
  /// - Parameters:
  ///   - place: where the value is.
  ///   - values, fallback: legal values and default for the document where the kind and the declaration do not tell them.
  ///   - required, young, refusal: see ``ConfigurationKey``.
  mutating func add<Value>(
    _ name: String, _ place: WritableKeyPath<Configuration, Value> & Sendable, _ kind: ValueKind<Value>,
    change: ConfigurationKey.Change = .decides, default fallback: String? = nil, values: String? = nil,
    required: Bool = false, young: Bool = false,
    refusal: @escaping @Sendable (Configuration) -> String? = { _ in nil }, _ meaning: String
  ) {
    add(
      name, { _ in kind }, get: { $0[keyPath: place] }, set: { $0[keyPath: place] = $1 }, change: change,
      default: fallback,
      values: values, required: required, young: young, refusal: refusal, meaning)
  }

  /// The same for a key that may be null, which stands for nil.
  ///
  /// - Parameter expected: see ``ValueKind/orNull(expected:)``.
  mutating func addOptional<Value>(
    _ name: String, _ place: WritableKeyPath<Configuration, Value?> & Sendable, _ kind: ValueKind<Value>,
    expected: String? = nil, change: ConfigurationKey.Change = .decides, default fallback: String? = nil,
    values: String? = nil, young: Bool = false, _ meaning: String
  ) {
    add(
      name, place, kind.orNull(expected: expected), change: change, default: fallback, values: values, young: young,
      meaning)
  }

  /// Adds a key whose kind depends on the keys before.
  mutating func add<Value>(
    _ name: String, _ kind: @escaping @Sendable (Configuration) -> ValueKind<Value>,
    get: @escaping @Sendable (Configuration) -> Value, set: @escaping @Sendable (inout Configuration, Value) -> Void,
    change: ConfigurationKey.Change = .decides, default fallback: String? = nil, values: String? = nil,
    required: Bool = false, young: Bool = false,
    refusal: @escaping @Sendable (Configuration) -> String? = { _ in nil }, _ meaning: String
  ) {
    let usual = kind(Configuration(source: ""))
    keys.append(
      ConfigurationKey(
        path: section + [name], meaning: meaning, change: change, isRequired: required, isYoung: young,
        refusal: refusal,
        expected: { kind($0).expected },
        read: { (node, configuration) throws(ValueFault) in
          set(&configuration, try kind(configuration).parse(node))
        },
        write: { refusal($0) == nil ? kind($0).emit(get($0)) : nil },
        type: usual.type, values: values ?? usual.values, statedDefault: fallback))
  }

  /// Adds a rule for a key of this section.
  mutating func rule(_ name: String, _ fault: @escaping @Sendable (Configuration) -> String?) {
    rules.append(Rule(key: (section + [name]).joined(separator: "."), fault: fault))
  }
}

extension ValueKind<Int> {
  /// This number and no other.
  fileprivate static func version(_ only: Int) -> Self {
    Self(
      type: "integer", values: "\(only)", expected: "\(only)",
      parse: { (node) throws(ValueFault) in
        guard node.integer == only else {
          throw .because("expected \(only), the only version there is, found \(node.found)")
        }
        return only
      },
      emit: Node.init(integer:))
  }
}
