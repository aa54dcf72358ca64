/// Moves through JSON text from value to value, without looking into the values.
///
/// ### Source
/// RFC 8259. What a skipped value holds is checked only as far as its strings and brackets end.
package struct JSONCursor {
  /// Text that is no JSON.
  package struct Fault: Error {
    /// The byte, counted from 0.
    package let position: Int
    package let reason: String
  }

  private let bytes: UnsafeRawBufferPointer
  package private(set) var position: Int

  package init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  /// Some programs put the bytes EF BB BF before UTF-8.
  mutating func skipByteOrderMark() throws {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// Passes a character, with the space before it, if it comes next.
  package mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  package mutating func expect(_ character: Unicode.Scalar, _ reason: String) throws {
    guard take(character) else { throw fault(reason) }
  }

  mutating func expectEnd() throws {
    skipSpace()
    if position < bytes.count { throw fault("the file goes on behind the object") }
  }

  /// Passes a string without escapes and returns it; keys have none.
  package mutating func string() throws -> String {
    skipSpace()
    let range = try skipValue()
    guard bytes[range.lowerBound] == UInt8(ascii: "\"") else {
      throw Fault(position: range.lowerBound, reason: "a key in quotes was expected")
    }
    return String(decoding: bytes[range.lowerBound + 1..<range.upperBound - 1], as: UTF8.self)
  }

  /// Passes a value and returns where it is.
  package mutating func skipValue() throws -> Range<Int> {
    skipSpace()
    let start = position
    guard position < bytes.count else { throw fault("the file ends where a value was expected") }
    switch bytes[position] {
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "{"), UInt8(ascii: "["): try skipBrackets()
    default:
      while position < bytes.count, !Self.endsLiteral(bytes[position]) { position += 1 }
      if position == start { throw fault("a value was expected") }
    }
    return start..<position
  }

  private mutating func skipBrackets() throws {
    let start = position
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        try skipString()
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      position += 1
      if depth == 0 { return }
    }
    throw Fault(position: start, reason: "the file ends inside the value that begins here; perhaps it is cut off")
  }

  private mutating func skipString() throws {
    let start = position
    position += 1
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\\"): position += 2
      case UInt8(ascii: "\""):
        position += 1
        return
      default: position += 1
      }
    }
    throw Fault(position: start, reason: "the file ends inside the text that begins here; perhaps it is cut off")
  }

  private mutating func skipSpace() {
    while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private static func endsLiteral(_ byte: UInt8) -> Bool {
    isSpace(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
  }

  private func fault(_ reason: String) -> Fault { Fault(position: position, reason: reason) }
}
