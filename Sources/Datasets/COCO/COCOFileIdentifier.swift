/// How COCO's files refer to an image: by a number, or, in files of other makers, by a name.
public enum COCOFileIdentifier: Hashable, Sendable, Comparable, CustomStringConvertible {
  case number(Int)
  case name(String)

  /// Numbers by size, then names by the codes of their characters.
  public static func < (one: COCOFileIdentifier, other: COCOFileIdentifier) -> Bool {
    switch (one, other) {
    case (.number(let one), .number(let other)): one < other
    case (.name(let one), .name(let other)): one.unicodeScalars.lexicographicallyPrecedes(other.unicodeScalars)
    case (.number, .name): true
    case (.name, .number): false
    }
  }

  /// As JSON has it.
  public var description: String {
    switch self {
    case .number(let number): "\(number)"
    case .name(let name): "\"\(name)\""
    }
  }
}

extension JSONPullParser {
  /// Passes a number or a name.
  mutating func identifier() throws(Fault) -> COCOFileIdentifier {
    isAtString() ? .name(try string()) : .number(try integer())
  }
}
