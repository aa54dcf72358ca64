import Yams

/// Reads the keys of one mapping of the configuration, each once, with its default and its legal values.
///
/// The reads are the schema: the keys that were read are the keys that exist, and the values that were returned are the
/// resolved configuration. A fault is noted in the shared report and the default returned, so that one pass finds them all.
package final class ConfigurationSection {
  private enum Resolved {
    case value(Node)
    case section(ConfigurationSection)
  }

  private let path: String?
  private let node: ConfigurationNode?
  private let origin: ConfigurationOrigin
  private let report: ConfigurationReport
  private var resolved: [(key: String, value: Resolved)] = []

  /// The top level.
  convenience init(root: ConfigurationNode, report: ConfigurationReport) {
    self.init(path: nil, node: root, origin: root.origin, report: report)
  }

  private init(path: String?, node: ConfigurationNode?, origin: ConfigurationOrigin, report: ConfigurationReport) {
    self.path = path
    self.node = node
    self.origin = origin
    self.report = report
  }

  /// The mapping under `key`; an absent or null one reads as all defaults.
  func section(_ key: String) -> ConfigurationSection {
    report.known.insert(fullKey(key))
    var value = entry(key)
    if let present = value, !present.isNull {
      if case .mapping = present.content {
      } else {
        note(key, "expected a mapping, found \(present.found)")
        value = nil
      }
    }
    let section = ConfigurationSection(
      path: fullKey(key), node: value, origin: value?.origin ?? origin, report: report)
    resolved.append((key, .section(section)))
    return section
  }

  /// True when the value of `key` is a mapping; does not count as reading it.
  func isMapping(_ key: String) -> Bool {
    if case .mapping = entry(key)?.content { true } else { false }
  }

  /// Notes a fault of the value of `key` that only shows in relation to others.
  package func note(_ key: String, _ reason: String) {
    report.problems.append(.init(origin: entry(key)?.origin ?? origin, key: fullKey(key), reason: reason))
  }

  /// Notes that `key` must not be given when it is.
  func noteIfPresent(_ key: String, _ reason: String) {
    report.known.insert(fullKey(key))
    guard entry(key) != nil else { return }
    note(key, reason)
    resolved.append((key, .value(.null)))
  }

  /// Notes that `key` must be given when it is not.
  func noteIfAbsent(_ key: String, _ reason: String) {
    if entry(key) == nil { note(key, reason) }
  }

  /// Every value read so far, in reading order.
  var resolvedNode: Node {
    Node(
      resolved.map { key, value in
        switch value {
        case .value(let node): (Node(key), node)
        case .section(let section): (Node(key), section.resolvedNode)
        }
      })
  }

  /// Notes every key of this mapping and of those read below it that nothing has read.
  func noteUnknownKeys() {
    if let node, case .mapping(let entries) = node.content {
      for entry in entries where !resolved.contains(where: { $0.key == entry.key }) {
        report.problems += report.known.problems(of: entry, called: fullKey(entry.key))
      }
    }
    for case (_, .section(let section)) in resolved {
      section.noteUnknownKeys()
    }
  }

  /// The value of `key`; `fallback` when it is absent, or when `parse` returns nil, which is a fault.
  ///
  /// - Parameters:
  ///   - expected: the legal values in words, for the message.
  ///   - parse: reads a value, or returns nil when it is not legal.
  ///   - emit: the YAML of a value.
  package func read<Value>(
    _ key: String, default fallback: Value, expected: String, parse: (ConfigurationNode) -> Value?,
    emit: (Value) -> Node
  ) -> Value {
    report.known.insert(fullKey(key))
    var value = fallback
    if let present = entry(key) {
      if let parsed = parse(present) {
        value = parsed
      } else {
        note(key, "expected \(expected), found \(present.found)")
      }
    }
    resolved.append((key, .value(emit(value))))
    return value
  }

  private func entry(_ key: String) -> ConfigurationNode? {
    guard let node, case .mapping(let entries) = node.content else { return nil }
    return entries.first { $0.key == key }?.value
  }

  private func fullKey(_ key: String) -> String {
    path.map { "\($0).\(key)" } ?? key
  }
}

/// What reading a configuration has found out so far, shared by its sections.
final class ConfigurationReport {
  var known = KeyIndex()
  var problems: [ConfigurationError.Problem] = []

  /// - Throws: ``ConfigurationError`` when there is a problem.
  func throwIfNeeded() throws(ConfigurationError) {
    guard !problems.isEmpty else { return }
    let ordered = problems.enumerated().sorted {
      ($0.element.origin.order, $0.offset) < ($1.element.origin.order, $1.offset)
    }
    throw ConfigurationError(ordered.map(\.element))
  }
}
