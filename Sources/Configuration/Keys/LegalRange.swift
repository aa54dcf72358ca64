/// The values that a number of the configuration may take.
struct LegalRange<Bound: Comparable & Sendable>: Sendable {
  /// As in messages: "of at least 1".
  let description: String
  /// As in the document: "at least 1".
  let documentation: String
  private let accepts: @Sendable (Bound) -> Bool

  func contains(_ value: Bound) -> Bool { accepts(value) }

  private init(_ description: String, _ documentation: String, _ accepts: @escaping @Sendable (Bound) -> Bool) {
    (self.description, self.documentation, self.accepts) = (description, documentation, accepts)
  }

  static func atLeast(_ lower: Bound) -> Self {
    Self("of at least \(lower)", "at least \(short(lower))") { $0 >= lower }
  }

  static func above(_ lower: Bound) -> Self {
    Self("greater than \(lower)", "above \(short(lower))") { $0 > lower }
  }

  static func above(_ lower: Bound, atMost upper: Bound) -> Self {
    Self("greater than \(lower) and at most \(upper)", "above \(short(lower)), at most \(short(upper))") {
      $0 > lower && $0 <= upper
    }
  }

  static func above(_ lower: Bound, below upper: Bound) -> Self {
    Self("greater than \(lower) and below \(upper)", "above \(short(lower)), below \(short(upper))") {
      $0 > lower && $0 < upper
    }
  }

  static func from(_ lower: Bound, below upper: Bound) -> Self {
    Self("from \(lower) to below \(upper)", "\(short(lower)) to below \(short(upper))") { $0 >= lower && $0 < upper }
  }

  static func from(_ lower: Bound, to upper: Bound) -> Self {
    Self("from \(lower) to \(upper)", "\(short(lower)) to \(short(upper))") { $0 >= lower && $0 <= upper }
  }

  /// 0.0 as "0".
  private static func short(_ bound: Bound) -> String {
    let text = "\(bound)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
