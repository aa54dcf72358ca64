/// Values as programs other than COCO's write them. Numbers in quotes are counted in `numbersAsText`.
extension JSONPullParser {
  /// Passes a finite number, which may be written as text: `"3.5"`.
  mutating func lenientNumber() throws(Fault) -> Double {
    try lenient("a number", { parser throws(Fault) in try parser.number() }) { Double($0) }
  }

  /// Passes a whole number, which may be written as text: `"12"`.
  mutating func lenientInteger() throws(Fault) -> Int {
    try lenient("a whole number", { parser throws(Fault) in try parser.integer() }) {
      Int($0) ?? Double($0).flatMap(Int.init(exactly:))
    }
  }

  /// Passes a text, or a number as it is written.
  mutating func textOrNumber() throws(Fault) -> String { isAtString() ? try string() : try numeral().text }

  /// Passes a mark: `true`, `false`, 0, 1, the same as text, another word of ``MarkWord``, or `null`, which is none.
  package mutating func mark() throws(Fault) -> Bool {
    if takeNull() { return false }
    if let truth = takeTruth() { return truth }
    let before = self
    if isAtString(), let truth = MarkWord.truth(of: try string()) { return truth }
    self = before
    guard let number = try? lenientNumber(), number == 0 || number == 1 else {
      self = before
      throw unexpected("0 or 1")
    }
    return number == 1
  }

  /// Passes a number or a name; a name that is written like a number is one.
  package mutating func identifier() throws(Fault) -> COCOFileIdentifier {
    guard isAtString() else { return .number(try integer()) }
    let name = COCOFileIdentifier.name(try string())
    guard let number = name.numberWrittenAsText else { return name }
    numbersAsText += 1
    return number
  }

  /// Passes what calls a record that no other refers to: a number, however large, a text, or nothing.
  mutating func ownIdentifier() throws(Fault) -> COCOFileIdentifier? {
    if takeNothing() { return nil }
    if isAtString() { return try identifier() }
    let (text, value) = try numeral()
    return (Int(text) ?? Int(exactly: value)).map { .number($0) } ?? .name(text)
  }

  /// What `parse` passes, or nothing.
  mutating func optional<Value>(
    _ parse: (inout JSONPullParser) throws(Fault) -> Value
  ) throws(Fault) -> Value? {
    takeNothing() ? nil : try parse(&self)
  }

  /// Passes `null` or a text of blanks, if one of them comes next.
  private mutating func takeNothing() -> Bool {
    if takeNull() { return true }
    let before = self
    if isAtString(), let text = try? string(), text.allSatisfy(\.isWhitespace) { return true }
    self = before
    return false
  }

  private mutating func lenient<Value>(
    _ expected: String, _ plain: (inout JSONPullParser) throws(Fault) -> Value, _ fromText: (String) -> Value?
  ) throws(Fault) -> Value {
    guard isAtString() else { return try plain(&self) }
    let before = self
    let words = try string().split(whereSeparator: \.isWhitespace)
    // No hexadecimal numbers, no "nan", no "inf", and none that is too large.
    guard let word = words.first, words.count == 1, word.allSatisfy({ "+-.0123456789eE".contains($0) }),
      Double(String(word))?.isFinite == true, let value = fromText(String(word))
    else {
      self = before
      throw unexpected(expected)
    }
    numbersAsText += 1
    return value
  }
}
