/// How COCO's files refer to an image: by a number, or, in files of other makers, by a name.
package enum COCOFileIdentifier: Hashable, Sendable, Comparable, CustomStringConvertible {
  case number(Int)
  case name(String)

  /// Numbers by size, then names by the codes of their characters.
  package static func < (one: COCOFileIdentifier, other: COCOFileIdentifier) -> Bool {
    switch (one, other) {
    case (.number(let one), .number(let other)): one < other
    case (.name(let one), .name(let other)): one.unicodeScalars.lexicographicallyPrecedes(other.unicodeScalars)
    case (.number, .name): true
    case (.name, .number): false
    }
  }

  /// The number that a name is written like, without leading zeros.
  var numberWrittenAsText: COCOFileIdentifier? {
    guard case .name(let name) = self, let number = Int(name), String(number) == name else { return nil }
    return .number(number)
  }

  /// As JSON has it.
  package var description: String {
    switch self {
    case .number(let number): "\(number)"
    case .name(let name): "\"\(name)\""
    }
  }
}

extension COCOFileIdentifier: ExpressibleByIntegerLiteral {
  /// A number.
  package init(integerLiteral value: Int) { self = .number(value) }
}

extension COCOFileIdentifier: Encodable {
  /// As JSON has it.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let number): try container.encode(number)
    case .name(let name): try container.encode(name)
    }
  }
}
