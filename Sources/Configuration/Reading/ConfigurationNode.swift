import Datasets
import Yams

/// A YAML value that knows where it was written.
package struct ConfigurationNode {
  package enum Content {
    case scalar(Node.Scalar)
    case sequence([ConfigurationNode])
    case mapping([Entry])
  }

  package struct Entry {
    package let key: String
    let keyOrigin: ConfigurationOrigin
    package var value: ConfigurationNode
  }

  package var content: Content
  package var origin: ConfigurationOrigin

  /// Parses the text of a configuration file, whose top level must be a mapping.
  init(yaml: String, name: String) throws(ConfigurationError) {
    let file = ConfigurationOrigin.file(name, line: nil)
    guard let root = try Self.compose(yaml, origin: { .file(name, line: $0) }) else {
      throw ConfigurationError(file, "the configuration is empty")
    }
    guard case .mapping = root.content else {
      throw ConfigurationError(root.origin, "expected a mapping of keys to values, found \(root.found)")
    }
    self = root
  }

  /// Sets the value at a dotted path from a `KEY=VALUE` argument whose value is YAML.
  ///
  /// Missing sections are created; a value that is there, mapping or not, is replaced as a whole. Of two keys that exclude each other the
  /// later one stays.
  ///
  /// - Parameter placeholders: what words in braces stand for.
  mutating func override(_ argument: String, _ placeholders: Placeholders) throws(ConfigurationError) {
    let origin = ConfigurationOrigin.override(argument)
    guard let equals = argument.firstIndex(of: "=") else {
      throw ConfigurationError(origin, "expected KEY=VALUE")
    }
    let path = argument[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard path.allSatisfy({ !$0.isEmpty }) else {
      throw ConfigurationError(origin, "expected a key such as training.seed before '='")
    }
    let text = try placeholders.expand(
      String(argument[argument.index(after: equals)...]), origin: origin, key: path.joined(separator: "."))
    let null = ConfigurationNode(content: .scalar(Node.Scalar("null")), origin: origin)
    let value = try Self.compose(text, origin: { _ in origin }) ?? null
    set(path[...], to: value)
    for rival in Self.rivals where rival.contains(path) && !value.isNull {
      for other in rival where other != path { remove(other[...]) }
    }
  }

  /// Keys of which only one may be given.
  static let rivals = [[["training", "iterations"], ["training", "epochs"]]]

  mutating func remove(_ path: ArraySlice<String>) {
    guard let key = path.first, case .mapping(var entries) = content,
      let place = entries.firstIndex(where: { $0.key == key })
    else { return }
    if path.count == 1 {
      entries.remove(at: place)
    } else {
      entries[place].value.remove(path.dropFirst())
    }
    content = .mapping(entries)
  }

  private mutating func set(_ path: ArraySlice<String>, to value: ConfigurationNode) {
    guard let key = path.first else {
      self = value
      return
    }
    var entries: [Entry] = []
    if case .mapping(let present) = content {
      entries = present
    } else {
      origin = value.origin
    }
    let place = entries.firstIndex { $0.key == key } ?? entries.endIndex
    if place == entries.endIndex {
      let empty = ConfigurationNode(content: .mapping([]), origin: value.origin)
      entries.append(Entry(key: key, keyOrigin: value.origin, value: empty))
    }
    entries[place].value.set(path.dropFirst(), to: value)
    content = .mapping(entries)
  }

  /// Removes a key of the top level and returns its value.
  mutating func take(_ key: String) -> ConfigurationNode? {
    guard case .mapping(let entries) = content, let entry = entries.first(where: { $0.key == key }) else { return nil }
    remove([key])
    return entry.value
  }

  /// Where a key of the top level has its value from.
  func origin(ofKey key: String) -> ConfigurationOrigin {
    guard case .mapping(let entries) = content else { return origin }
    return entries.first { $0.key == key }?.value.origin ?? origin
  }

  /// True for `null`, `~` and a key without a value.
  var isNull: Bool {
    plainText.map { ["", "~", "null", "Null", "NULL"].contains($0) } ?? false
  }

  /// A scalar without quotes.
  var plainText: String? {
    guard case .scalar(let scalar) = content, scalar.style == .plain || scalar.style == .any else { return nil }
    return scalar.string
  }

  /// The value in words, for messages.
  package var found: String {
    switch content {
    case .scalar(let scalar): isNull ? "null" : "'\(scalar.string)'"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  private init(content: Content, origin: ConfigurationOrigin) {
    self.content = content
    self.origin = origin
  }

  private static func compose(
    _ text: String, origin: (Int?) -> ConfigurationOrigin
  ) throws(ConfigurationError) -> ConfigurationNode? {
    let root: Node?
    do {
      root = try YAMLDocument(text).root
    } catch {
      throw ConfigurationError(origin(error.line), error.reason)
    }
    guard let root else { return nil }
    return try ConfigurationNode(root, origin: origin)
  }

  private init(_ node: Node, origin: (Int?) -> ConfigurationOrigin) throws(ConfigurationError) {
    let place = origin(node.mark?.line)
    switch node {
    case .scalar(let scalar):
      self.init(content: .scalar(scalar), origin: place)
    case .sequence(let sequence):
      var items: [ConfigurationNode] = []
      for item in sequence {
        items.append(try ConfigurationNode(item, origin: origin))
      }
      self.init(content: .sequence(items), origin: place)
    case .mapping(let mapping):
      var entries: [Entry] = []
      for (key, value) in mapping {
        guard case .scalar(let name) = key else {
          throw ConfigurationError(origin(key.mark?.line), "expected a name before ':', found a list or a mapping")
        }
        entries.append(
          Entry(
            key: name.string, keyOrigin: origin(key.mark?.line), value: try ConfigurationNode(value, origin: origin)))
      }
      self.init(content: .mapping(entries), origin: place)
    case .alias:
      preconditionFailure("the YAML parser left an alias unresolved")
    }
  }
}
