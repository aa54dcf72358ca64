/// The values a configuration number may take, with the words for the message when it does not.
package struct LegalRange<Bound: Comparable>: CustomStringConvertible {
  package let description: String
  private let accepts: (Bound) -> Bool

  package func contains(_ value: Bound) -> Bool { accepts(value) }

  static func atLeast(_ lower: Bound) -> Self {
    Self(description: "of at least \(lower)") { $0 >= lower }
  }

  package static func above(_ lower: Bound) -> Self {
    Self(description: "greater than \(lower)") { $0 > lower }
  }

  package static func above(_ lower: Bound, atMost upper: Bound) -> Self {
    Self(description: "greater than \(lower) and at most \(upper)") { $0 > lower && $0 <= upper }
  }

  package static func above(_ lower: Bound, below upper: Bound) -> Self {
    Self(description: "greater than \(lower) and below \(upper)") { $0 > lower && $0 < upper }
  }

  package static func from(_ lower: Bound, below upper: Bound) -> Self {
    Self(description: "from \(lower) to below \(upper)") { $0 >= lower && $0 < upper }
  }

  package static func from(_ lower: Bound, to upper: Bound) -> Self {
    Self(description: "from \(lower) to \(upper)") { $0 >= lower && $0 <= upper }
  }
}
