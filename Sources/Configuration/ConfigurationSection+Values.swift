import Files
import Yams

/// The types of value a configuration has. Numbers must be written plainly: a quoted one is text.
extension ConfigurationSection {
  /// A whole number.
  package func integer(_ key: String, default fallback: Int, _ range: LegalRange<Int>) -> Int {
    read(
      key, default: fallback, expected: "an integer \(range)",
      parse: { $0.integer.flatMap { range.contains($0) ? $0 : nil } }, emit: Node.init(integer:))
  }

  /// A whole number or null, by default null.
  func optionalInteger(_ key: String, default fallback: Int? = nil, _ range: LegalRange<Int>) -> Int? {
    read(
      key, default: fallback, expected: "an integer \(range) or null",
      parse: { node -> Int?? in
        if node.isNull { return .some(nil) }
        return node.integer.flatMap { range.contains($0) ? .some($0) : nil }
      },
      emit: { $0.map(Node.init(integer:)) ?? .null })
  }

  /// A finite number.
  package func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(
    _ key: String, default fallback: Number, _ range: LegalRange<Number>
  ) -> Number {
    read(
      key, default: fallback, expected: "a number \(range)",
      parse: { $0.number(Number.self).flatMap { range.contains($0) ? $0 : nil } }, emit: { Node(number: $0) })
  }

  /// A finite number or null, the default.
  func optionalNumber(_ key: String, _ range: LegalRange<Double>) -> Double? {
    read(
      key, default: nil, expected: "a number \(range) or null",
      parse: { node -> Double?? in
        if node.isNull { return .some(nil) }
        return node.number(Double.self).flatMap { range.contains($0) ? .some($0) : nil }
      },
      emit: { $0.map { Node(number: $0) } ?? .null })
  }

  /// `true` or `false`.
  func boolean(_ key: String, default fallback: Bool) -> Bool {
    read(
      key, default: fallback, expected: "true or false",
      parse: { node in
        switch node.plainText {
        case "true": true
        case "false": false
        default: nil
        }
      },
      emit: { Node($0 ? "true" : "false", Tag(.bool)) })
  }

  /// Text that is not empty.
  func string(_ key: String, default fallback: String) -> String {
    read(key, default: fallback, expected: "text", parse: { $0.text }, emit: Node.init(text:))
  }

  /// Text or null, the default.
  func optionalString(_ key: String) -> String? {
    read(
      key, default: nil, expected: "text or null",
      parse: { node -> String?? in node.isNull ? .some(nil) : node.text.map { .some($0) } },
      emit: { $0.map(Node.init(text:)) ?? .null })
  }

  /// A path that is not empty, with the home directory in place of a leading `~`.
  package func path(_ key: String, default fallback: String) -> String {
    read(key, default: fallback, expected: "text", parse: { self.expand($0.text, key) }, emit: Node.init(text:))
  }

  /// A path or null, the default.
  func optionalPath(_ key: String) -> String? {
    read(
      key, default: nil, expected: "text or null",
      parse: { node -> String?? in node.isNull ? .some(nil) : self.expand(node.text, key).map { .some($0) } },
      emit: { $0.map(Node.init(text:)) ?? .null })
  }

  /// The path in a text; what is wrong with it is noted.
  private func expand(_ text: String?, _ key: String) -> String? {
    guard let text else { return nil }
    do throws(HomeDirectory.PathError) {
      return try HomeDirectory.expand(text)
    } catch {
      note(key, error.description)
      return text
    }
  }

  /// One of the raw values of an enumeration.
  ///
  /// - Parameter planned: documented values that this version does not have yet.
  package func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ key: String, default fallback: Choice, planned: [String] = []
  ) -> Choice {
    choice(
      key, default: fallback.rawValue, among: Choice.allCases.map { (name: $0.rawValue, value: $0) }, planned: planned)
  }

  /// One of some values that have names.
  ///
  /// - Parameter planned: documented names that this version does not have yet.
  /// - Precondition: `fallback` is the name of a value.
  package func choice<Value>(
    _ key: String, default fallback: String, among values: [(name: String, value: Value)], planned: [String] = []
  ) -> Value {
    let names = values.map(\.name)
    var isPlanned = false
    let name = read(
      key, default: fallback, expected: oneOf(names),
      parse: { node in
        isPlanned = node.text.map(planned.contains) ?? false
        return isPlanned ? fallback : node.text.flatMap { names.contains($0) ? $0 : nil }
      },
      emit: { Node(text: $0) })
    if isPlanned { notePlanned(key, names) }
    return values.first { $0.name == name }!.value
  }

  /// A list of paths; a single one counts as a list of one. Null, the default, is the empty list.
  func pathOrList(_ key: String) -> [String] {
    read(
      key, default: [], expected: "text or a list of texts",
      parse: { node in
        node.isNull
          ? [] : self.expand(node.text, key).map { [$0] } ?? node.list { self.expand($0.text, key) }
      },
      emit: { $0.isEmpty ? .null : $0.count == 1 ? Node(text: $0[0]) : Node(list: $0.map(Node.init(text:))) })
  }

  /// A path, or a list with a path or null for each directory; null, the default, is the empty list.
  func optionalPaths(_ key: String) -> [String?] {
    read(
      key, default: [], expected: "text, null, or a list with a text or null for each directory",
      parse: { node -> [String?]? in
        if node.isNull { return [] }
        if let text = self.expand(node.text, key) { return [text] }
        let texts = node.list { item -> String?? in
          item.isNull ? .some(nil) : self.expand(item.text, key).map { .some($0) }
        }
        return texts?.isEmpty == true ? nil : texts
      },
      emit: { texts in
        if texts.isEmpty { return .null }
        let nodes = texts.map { $0.map(Node.init(text:)) ?? .null }
        return nodes.count == 1 ? nodes[0] : Node(list: nodes)
      })
  }

  /// The name of a split or the path of its file, or a list of them with null for directories that have no part.
  package func splits(_ key: String, default fallback: String) -> SplitChoice {
    read(
      key, default: .same(fallback), expected: Self.splitWords, parse: { self.splits($0, key) },
      emit: Node.init(splits:))
  }

  /// The same, or null for no split at all.
  func optionalSplits(_ key: String, default fallback: String) -> SplitChoice? {
    read(
      key, default: .same(fallback), expected: "null, \(Self.splitWords)",
      parse: { node -> SplitChoice?? in node.isNull ? .some(nil) : self.splits(node, key).map { .some($0) } },
      emit: { $0.map(Node.init(splits:)) ?? .null })
  }

  /// The name of a split or the path of its file, or a list of them with at least one.
  private func splits(_ node: ConfigurationNode, _ key: String) -> SplitChoice? {
    if let name = expand(node.text, key) { return .same(name) }
    let names = node.list { item -> String?? in
      item.isNull ? .some(nil) : self.expand(item.text, key).map { .some($0) }
    }
    guard let names, names.contains(where: { $0 != nil }) else { return nil }
    return .each(names)
  }

  private static let splitWords = "text, or a list with a text or null for each directory"

  /// A list of distinct texts, or null, the default.
  func optionalNames(_ key: String) -> [String]? {
    read(
      key, default: nil, expected: "a list of distinct names or null",
      parse: { node -> [String]?? in
        if node.isNull { return .some(nil) }
        guard let names = node.list(\.text), !names.isEmpty, Set(names).count == names.count else { return nil }
        return .some(names)
      },
      emit: { $0.map { Node(list: $0.map(Node.init(text:))) } ?? .null })
  }

  /// A list of `count` numbers, without a default.
  package func numbers(_ key: String, count: Int, _ range: LegalRange<Double>) -> [Double] {
    required(
      key, expected: "a list of \(count) numbers \(range)",
      parse: { node in
        node.list { $0.number(Double.self).flatMap { range.contains($0) ? $0 : nil } }.flatMap {
          $0.count == count ? $0 : nil
        }
      },
      emit: { Node(list: $0.map { Node(number: $0) }) })
  }

  /// A list of `count` lists of numbers, without a default.
  func numberLists(_ key: String, count: Int, _ range: LegalRange<Double>) -> [[Double]] {
    required(
      key, expected: "a list of \(count) lists of numbers \(range)",
      parse: { node in
        node.list { $0.list { $0.number(Double.self).flatMap { range.contains($0) ? $0 : nil } } }
          .flatMap { $0.count == count ? $0 : nil }
      },
      emit: { Node(list: $0.map { Node(list: $0.map { Node(number: $0) }) }) })
  }

  private func required<Item>(
    _ key: String, expected: String, parse: (ConfigurationNode) -> [Item]?, emit: ([Item]) -> Node
  ) -> [Item] {
    noteIfAbsent(key, "missing; expected \(expected)")
    return read(key, default: [], expected: expected, parse: parse, emit: emit)
  }

  private func oneOf(_ values: [String]) -> String {
    values.count == 1 ? values[0] : "one of \(values.joined(separator: ", "))"
  }

  private func notePlanned(_ key: String, _ supported: [String]) {
    note(key, "not supported in this version; expected \(oneOf(supported))")
  }
}

extension ConfigurationNode {
  /// A decimal number, where `_` may group digits.
  package var integer: Int? {
    plainText.flatMap { Int($0.filter { $0 != "_" }) }
  }

  /// A finite decimal number that `Number` can hold.
  package func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(_: Number.Type) -> Number? {
    guard let text = plainText?.filter({ $0 != "_" }), text.allSatisfy({ "+-.0123456789eE".contains($0) }),
      let value = Number(text)
    else { return nil }
    return value.isFinite ? value : nil
  }

  /// A scalar as it is written, other than null and "".
  package var text: String? {
    guard case .scalar(let scalar) = content, !isNull, !scalar.string.isEmpty else { return nil }
    return scalar.string
  }

  /// The items of a list, when every one is legal.
  package func list<Item>(_ item: (ConfigurationNode) -> Item?) -> [Item]? {
    guard case .sequence(let nodes) = content else { return nil }
    let items = nodes.compactMap(item)
    return items.count == nodes.count ? items : nil
  }
}

extension Node {
  package static var null: Node { Node("null", Tag(.null)) }

  package init(integer value: Int) {
    self.init(String(value), Tag(.int))
  }

  /// The shortest decimal that reads back as the same float, with a point so that every YAML reader takes it for a number.
  package init(number value: some BinaryFloatingPoint & LosslessStringConvertible) {
    var text = value.description
    if let exponent = text.firstIndex(of: "e"), !text.contains(".") {
      text.insert(contentsOf: ".0", at: exponent)
    }
    self.init(text, Tag(.float))
  }

  /// Quoted where plain text would read as a number, a truth value or null.
  fileprivate init(text: String) {
    self = .scalar(text.represented())
  }

  fileprivate init(splits choice: SplitChoice) {
    switch choice {
    case .same(let name): self.init(text: name)
    case .each(let names): self.init(list: names.map { $0.map(Node.init(text:)) ?? .null })
    }
  }

  package init(list: [Node]) {
    self.init(list, .implicit, .flow)
  }
}
