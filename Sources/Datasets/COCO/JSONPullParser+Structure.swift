/// Moves from value to value without looking into the values, so that a file can be cut into its records.
///
/// What a value holds that is passed this way is checked only as far as its strings and brackets end.
extension JSONPullParser {
  /// Passes the character, or fails for the reason.
  mutating func expect(_ character: UInt8, _ reason: String) throws(Fault) {
    guard take(character) else { throw Fault(position: position, reason: reason) }
  }

  /// Makes sure that nothing follows the outermost object.
  mutating func expectEnd() throws(Fault) {
    skipSpace()
    if position < bytes.count { throw Fault(position: position, reason: "the file goes on behind the object") }
  }

  /// Passes a text without escapes and returns it; keys have none.
  mutating func plainKey() throws(Fault) -> String {
    let range = try passValue()
    guard bytes[range.lowerBound] == UInt8(ascii: "\"") else {
      throw Fault(position: range.lowerBound, reason: "a key in quotes was expected")
    }
    return String(decoding: bytes[range.lowerBound + 1..<range.upperBound - 1], as: UTF8.self)
  }

  /// Passes a value and returns where it is.
  mutating func passValue() throws(Fault) -> Range<Int> {
    skipSpace()
    let start = position
    guard position < bytes.count else {
      throw Fault(position: position, reason: "the file ends where a value was expected")
    }
    switch bytes[position] {
    case UInt8(ascii: "\""): position = try endOfString(from: start)
    case UInt8(ascii: "{"), UInt8(ascii: "["): position = try endOfBrackets(from: start)
    default:
      while position < bytes.count, !Self.endsLiteral(bytes[position]) { position += 1 }
      if position == start { throw Fault(position: position, reason: "a value was expected") }
    }
    return start..<position
  }

  private func endOfBrackets(from start: Int) throws(Fault) -> Int {
    var (position, depth) = (start, 0)
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position = try endOfString(from: position)
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      position += 1
      if depth == 0 { return position }
    }
    throw Fault(
      position: start, reason: "the file ends inside the value that begins here; perhaps it is cut off")
  }

  private func endOfString(from start: Int) throws(Fault) -> Int {
    var position = start + 1
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\\"): position += 2
      case UInt8(ascii: "\""): return position + 1
      default: position += 1
      }
    }
    throw Fault(position: start, reason: "the file ends inside the text that begins here; perhaps it is cut off")
  }

  private static func endsLiteral(_ byte: UInt8) -> Bool {
    isSpace(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
  }
}
