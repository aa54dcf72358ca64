/// A value as JSON text.
package struct JSONLiteral: CustomStringConvertible {
  package let description: String

  /// A quoted string.
  package init(_ text: String) {
    var literal = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": literal += "\\\""
      case "\\": literal += "\\\\"
      case "\n": literal += "\\n"
      case "\r": literal += "\\r"
      case "\t": literal += "\\t"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        literal += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: literal.unicodeScalars.append(scalar)
      }
    }
    description = literal + "\""
  }

  /// The shortest decimal that reads back as the same bits; null for what JSON has no number for.
  package init(_ number: some BinaryFloatingPoint & CustomStringConvertible) {
    description = number.isFinite ? number.description : "null"
  }

  /// An integer.
  package init(_ number: Int) {
    description = String(number)
  }

  /// An object, its members in the given order.
  package init(object members: [(String, JSONLiteral)]) {
    description = "{" + members.map { "\(JSONLiteral($0)):\($1)" }.joined(separator: ",") + "}"
  }

  /// An array.
  package init(array elements: [JSONLiteral]) {
    description = "[" + elements.map(\.description).joined(separator: ",") + "]"
  }
}
