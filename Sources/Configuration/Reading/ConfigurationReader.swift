/// Reads a YAML tree by the table of keys, and notes every fault on the way: a value that is not legal stays at its default.
struct ConfigurationReader {
  private let root: ConfigurationNode
  private let table = ConfigurationTable.all
  /// What has been read.
  private(set) var configuration: Configuration
  private var problems: [ConfigurationError.Problem] = []

  /// Reads a tree.
  ///
  /// - Parameter source: what messages call the configuration.
  /// - Throws: ``ConfigurationError`` with every fault.
  init(_ root: ConfigurationNode, source: String) throws(ConfigurationError) {
    self.root = root
    configuration = Configuration(source: source)
    for section in table.sections { checkSection(section.components) }
    for key in table.keys { read(key) }
    for rule in table.rules {
      if let reason = rule.fault(configuration) { note(rule.key.components, reason) }
    }
    noteUnknownKeys(of: root, under: [], index: table.index)
    guard !problems.isEmpty else { return }
    let ordered = problems.enumerated().sorted {
      ($0.element.origin.order, $0.offset) < ($1.element.origin.order, $1.offset)
    }
    throw ConfigurationError(ordered.map(\.element))
  }

  private mutating func read(_ key: ConfigurationKey) {
    let refusal = key.refusal(configuration)
    guard let node = root.value(at: key.path) else {
      if key.isRequired, refusal == nil { note(key.path, "missing; expected \(key.expected(configuration))") }
      return
    }
    if let refusal { return note(key.path, refusal) }
    do throws(ValueFault) {
      try key.read(node, &configuration)
    } catch {
      switch error {
      case .because(let reason): note(key.path, reason)
      case .unexpected: note(key.path, "expected \(key.expected(configuration)), found \(node.found)")
      }
    }
  }

  /// An absent or null section has all defaults.
  private mutating func checkSection(_ path: [String]) {
    guard let node = root.value(at: path), !node.isNull else { return }
    if case .mapping = node.content { return }
    note(path, "expected a mapping, found \(node.found)")
  }

  private mutating func note(_ path: [String], _ reason: String) {
    problems.append(.init(origin: root.origin(of: path), key: path.joined(separator: "."), reason: reason))
  }

  private mutating func noteUnknownKeys(of node: ConfigurationNode, under path: [String], index: KeyIndex) {
    guard case .mapping(let entries) = node.content else { return }
    for entry in entries {
      let inner = path + [entry.key]
      if table.keys.contains(where: { $0.path.count > inner.count && $0.path.starts(with: inner) }) {
        noteUnknownKeys(of: entry.value, under: inner, index: index)
      } else if !table.keys.contains(where: { $0.path == inner }) {
        problems += index.problems(of: entry, called: inner.joined(separator: "."))
      }
    }
  }
}

extension String {
  fileprivate var components: [String] { split(separator: ".").map(String.init) }
}

extension ConfigurationNode {
  /// The value under keys, each in the mapping of the one before; nil when there is none.
  func value(at path: [String]) -> ConfigurationNode? {
    var node = self
    for key in path {
      guard case .mapping(let entries) = node.content, let entry = entries.first(where: { $0.key == key }) else {
        return nil
      }
      node = entry.value
    }
    return node
  }

  /// Where a value is written, or the section that would have it.
  fileprivate func origin(of path: [String]) -> ConfigurationOrigin {
    (0...path.count).reversed().lazy.compactMap { value(at: Array(path.prefix($0)))?.origin }.first ?? origin
  }
}
