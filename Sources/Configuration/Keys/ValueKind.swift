import Yams

/// A kind of value that keys of the configuration have: how it is read from YAML, written to it, and described.
struct ValueKind<Value: Sendable>: Sendable {
  /// As in the document: "integer or null".
  let type: String
  /// Which values are legal, as in the document: "at least 1"; empty when all are.
  let values: String
  /// The same in messages: "an integer of at least 1 or null".
  let expected: String
  /// Reads a value.
  let parse: @Sendable (ConfigurationNode) throws(ValueFault) -> Value
  /// Writes one.
  let emit: @Sendable (Value) -> Node
}

/// Why a value is not legal.
enum ValueFault: Error {
  /// It is none of those that are expected.
  case unexpected
  /// Something else, in words.
  case because(String)
}

extension ValueKind {
  /// This kind, or null for nil.
  ///
  /// - Parameter expected: as in messages, when it is not this kind's followed by "or null".
  func orNull(expected: String? = nil) -> ValueKind<Value?> {
    ValueKind<Value?>(
      type: type.replacing(" or ", with: ", ") + " or null", values: values,
      expected: expected ?? self.expected + " or null",
      parse: { (node) throws(ValueFault) in node.isNull ? nil : try self.parse(node) },
      emit: { $0.map(self.emit) ?? .null })
  }
}

/// Numbers must be written plainly: a quoted one is text.
extension ValueKind where Value: FixedWidthInteger {
  /// A whole number.
  static func integer(_ range: LegalRange<Value>) -> Self {
    Self(
      type: "integer", values: range.documentation, expected: "an integer \(range.description)",
      parse: { (node) throws(ValueFault) in
        guard let value = node.integer.flatMap(Value.init(exactly:)), range.contains(value) else { throw .unexpected }
        return value
      },
      emit: { Node(integer: Int($0)) })
  }
}

extension ValueKind where Value: BinaryFloatingPoint & LosslessStringConvertible {
  /// A finite number.
  static func number(_ range: LegalRange<Value>) -> Self {
    Self(
      type: "number", values: range.documentation, expected: "a number \(range.description)",
      parse: { (node) throws(ValueFault) in
        guard let value = node.number(Value.self), range.contains(value) else { throw .unexpected }
        return value
      },
      emit: { Node(number: $0) })
  }
}

extension ValueKind where Value == Bool {
  /// `true` or `false`.
  static var boolean: Self {
    Self(
      type: "boolean", values: "`true`, `false`", expected: "true or false",
      parse: { (node) throws(ValueFault) in
        switch node.plainText {
        case "true": return true
        case "false": return false
        default: throw .unexpected
        }
      },
      emit: { Node($0 ? "true" : "false", Tag(.bool)) })
  }
}

extension ValueKind where Value: Equatable {
  /// One of some values that have names.
  static func choice(_ values: [(name: String, value: Value)]) -> Self {
    let names = values.map(\.name)
    let words = names.count == 1 ? names[0] : "one of \(names.joined(separator: ", "))"
    return Self(
      type: "name", values: names.map { "`\($0)`" }.joined(separator: ", "), expected: words,
      parse: { (node) throws(ValueFault) in
        guard let text = node.text else { throw .unexpected }
        if let choice = values.first(where: { $0.name == text }) { return choice.value }
        throw .unexpected
      },
      emit: { value in Node(text: values.first { $0.value == value }!.name) })
  }
}

extension ValueKind where Value: CaseIterable & RawRepresentable<String> & Equatable {
  /// One of the raw values of an enumeration.
  static var choice: Self { choice(Value.allCases.map { (name: $0.rawValue, value: $0) }) }
}

extension ValueKind where Value == Configuration.Checkpoint.Interval {
  /// Seconds, or `auto`.
  static var interval: Self {
    let seconds = ValueKind<Double>.number(.above(0))
    return Self(
      type: "number or name", values: seconds.values + ", `auto`", expected: seconds.expected + " or auto",
      parse: { (node) throws(ValueFault) in
        if node.text == "auto" { return .automatic }
        return .seconds(try seconds.parse(node))
      },
      emit: { interval in
        switch interval {
        case .seconds(let value): seconds.emit(value)
        case .automatic: Node(text: "auto")
        }
      })
  }
}

extension ValueKind where Value == [Double] {
  /// A list of `count` numbers.
  static func numbers(count: Int, _ range: LegalRange<Double>) -> Self {
    Self(
      type: "list of numbers", values: range.documentation, expected: "a list of \(count) numbers \(range.description)",
      parse: { (node) throws(ValueFault) in
        guard let numbers = node.numbers(range), numbers.count == count else { throw .unexpected }
        return numbers
      },
      emit: { Node(list: $0.map { Node(number: $0) }) })
  }
}

extension ValueKind where Value == [[Double]] {
  /// A list of `count` lists of numbers.
  static func numberLists(count: Int, _ range: LegalRange<Double>) -> Self {
    Self(
      type: "list of lists", values: range.documentation,
      expected: "a list of \(count) lists of numbers \(range.description)",
      parse: { (node) throws(ValueFault) in
        guard let lists = node.list({ $0.numbers(range) }), lists.count == count else { throw .unexpected }
        return lists
      },
      emit: { Node(list: $0.map { Node(list: $0.map { Node(number: $0) }) }) })
  }
}

extension ConfigurationNode {
  fileprivate func numbers(_ range: LegalRange<Double>) -> [Double]? {
    list { $0.number(Double.self).flatMap { range.contains($0) ? $0 : nil } }
  }
}
