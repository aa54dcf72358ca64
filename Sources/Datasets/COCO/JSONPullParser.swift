import Foundation

/// Reads JSON text in one pass, value by value as its caller asks for them, without a tree or a copy of what it has read.
///
/// Made for result files of a hundred megabytes, on which Foundation's decoder takes five times as long; see
/// `docs/decisions/0017-scoring.md`.
///
/// ### Source
/// RFC 8259. Numbers are rounded correctly.
package struct JSONPullParser {
  /// Text that is not what its caller expects, or not JSON at all.
  package struct Fault: Error {
    /// The keys and positions from the outermost value to the one at fault, as in `annotations[3].bbox`.
    package private(set) var path = ""
    /// The byte, counted from 0.
    package let position: Int
    package let reason: String

    /// The same fault as a value around it knows it.
    package func inside(_ step: String) -> Fault {
      var fault = self
      fault.path = path.isEmpty || path.hasPrefix("[") ? step + path : "\(step).\(path)"
      return fault
    }
  }

  private static let deepest = 200

  package let bytes: UnsafeRawBufferPointer
  /// Where the parser is; its extensions alone move it.
  package var position = 0
  /// Numbers so far that were written as text and taken all the same.
  package var numbersAsText = 0
  private var depth = 0

  /// Starts in front of the first value.
  private init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    // Some programs put a byte order mark before UTF-8.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// Reads a text, or a part of it that stands for itself: positions count from its start.
  ///
  /// - Parameter body: is given the parser, which must not leave it.
  package static func parse<Result, Failure>(
    _ text: Data, _ part: Range<Int>? = nil, _ body: (inout JSONPullParser) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try text.withUnsafeBytes { bytes in
      Swift.Result { () throws(Failure) in
        var parser = JSONPullParser(part.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) } ?? bytes)
        return try body(&parser)
      }
    }.get()
  }

  /// The line of a byte, counted from 1.
  package func line(of position: Int) -> Int {
    bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
  }

  // MARK: Lists and objects

  /// Passes a list; `body` is given the position of each element and must pass its value.
  mutating func forEachElement(_ body: (inout JSONPullParser, Int) throws(Fault) -> Void) throws(Fault) {
    try enter(UInt8(ascii: "["), "a list")
    if !take(UInt8(ascii: "]")) {
      var index = 0
      repeat {
        skipSpace()
        do {
          try body(&self, index)
        } catch {
          throw error.inside("[\(index)]")
        }
        index += 1
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "]")) else { throw unexpected("a comma or the end of the list") }
    }
    depth -= 1
  }

  /// Passes an object; `body` is given each key and must pass its value.
  package mutating func forEachMember(_ body: (inout JSONPullParser, String) throws(Fault) -> Void) throws(Fault) {
    try enter(UInt8(ascii: "{"), "an object")
    if !take(UInt8(ascii: "}")) {
      repeat {
        let key = try string()
        guard take(UInt8(ascii: ":")) else { throw unexpected("a colon behind \"\(key)\"") }
        skipSpace()
        do {
          try body(&self, key)
        } catch {
          throw error.inside(key)
        }
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "}")) else { throw unexpected("a comma or the end of the object") }
    }
    depth -= 1
  }

  /// Makes sure that nothing follows.
  package mutating func end() throws(Fault) {
    skipSpace()
    if position < bytes.count { throw unexpected("the end of the file") }
  }

  /// Passes any value.
  package mutating func skip() throws(Fault) {
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): try forEachMember { parser, _ throws(Fault) in try parser.skip() }
    case UInt8(ascii: "["): try forEachElement { parser, _ throws(Fault) in try parser.skip() }
    case UInt8(ascii: "\""): _ = try string(isNeeded: false)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): if !take("-Infinity") { _ = try number() }
    // Python's and pandas' programs write numbers that JSON does not have.
    default:
      if !["true", "false", "null", "NaN", "Infinity"].contains(where: { take($0) }) { throw unexpected("a value") }
    }
  }

  // MARK: Single values

  /// Whether a text in quotes comes next.
  mutating func isAtString() -> Bool {
    skipSpace()
    return current == UInt8(ascii: "\"")
  }

  /// Whether an object comes next.
  mutating func isAtObject() -> Bool {
    skipSpace()
    return current == UInt8(ascii: "{")
  }

  /// Whether a list comes next.
  mutating func isAtList() -> Bool {
    skipSpace()
    return current == UInt8(ascii: "[")
  }

  /// Passes a text.
  ///
  /// - Parameter isNeeded: whether the characters matter; what is not Unicode is then refused, as text in Latin-1.
  package mutating func string(isNeeded: Bool = true) throws(Fault) -> String {
    skipSpace()
    guard current == UInt8(ascii: "\"") else { throw unexpected("a text in quotes") }
    let start = position + 1
    position = start
    while current != UInt8(ascii: "\"") {
      if current == UInt8(ascii: "\\") { return try stringWithEscapes(from: start, isNeeded: isNeeded) }
      // Control characters, and 0 behind the last byte.
      if current < 0x20 { throw unexpected("the end of the text") }
      position += 1
    }
    position += 1
    return try text(start..<position - 1, isNeeded: isNeeded)
  }

  private func text(_ range: Range<Int>, isNeeded: Bool) throws(Fault) -> String {
    if let text = String(validating: bytes[range], as: UTF8.self) { return text }
    guard isNeeded else { return String(decoding: bytes[range], as: UTF8.self) }
    throw Fault(
      position: range.lowerBound,
      reason: "\"\(String(decoding: bytes[range].prefix(60), as: UTF8.self))\" is not in UTF-8: save the file in UTF-8")
  }

  /// Passes `null`, if it comes next.
  mutating func takeNull() -> Bool { take("null") }

  /// Passes `NaN`, if it comes next.
  mutating func takeNotANumber() -> Bool { take("NaN") }

  /// Passes `true` or `false`, if one of them comes next.
  mutating func takeTruth() -> Bool? {
    if take("true") { return true }
    return take("false") ? false : nil
  }

  // MARK: Characters

  /// The next byte, 0 at the end.
  package var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

  mutating func skipSpace() {
    while Self.isSpace(current) { position += 1 }
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  package mutating func take(byte: UInt8) -> Bool {
    guard current == byte else { return false }
    position += 1
    return true
  }

  /// Passes a character, with the space before it, if it comes next.
  mutating func take(_ character: UInt8) -> Bool {
    skipSpace()
    return take(byte: character)
  }

  private mutating func take(_ word: String) -> Bool {
    skipSpace()
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func enter(_ bracket: UInt8, _ name: String) throws(Fault) {
    guard take(bracket) else { throw unexpected(name) }
    depth += 1
    if depth > Self.deepest {
      throw Fault(position: position, reason: "lists and objects are nested more than \(Self.deepest) deep")
    }
  }

  /// The rest of a text that has escapes, from its first character on.
  private mutating func stringWithEscapes(from start: Int, isNeeded: Bool) throws(Fault) -> String {
    var units = Array(try text(start..<position, isNeeded: isNeeded).utf16)
    var plain = position
    while true {
      let character = current
      if character < 0x20 { throw unexpected("the end of the text") }
      if character == UInt8(ascii: "\"") || character == UInt8(ascii: "\\") {
        units += try text(plain..<position, isNeeded: isNeeded).utf16
        position += 1
        if character == UInt8(ascii: "\"") { return String(decoding: units, as: UTF16.self) }
        units.append(try escape())
        plain = position
      } else {
        position += 1
      }
    }
  }

  /// What the characters behind a backslash stand for.
  private mutating func escape() throws(Fault) -> UInt16 {
    let character = current
    position += 1
    switch character {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt16(character)
    case UInt8(ascii: "b"): return 0x08
    case UInt8(ascii: "f"): return 0x0C
    case UInt8(ascii: "n"): return 0x0A
    case UInt8(ascii: "r"): return 0x0D
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "u"):
      let digits = bytes[position...].prefix(4)
      guard let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16), digits.count == 4 else { break }
      position += 4
      return unit
    default: break
    }
    position -= 1
    throw unexpected("an escaped character")
  }

  /// What was expected and what is there instead.
  package func unexpected(_ expected: String) -> Fault {
    guard position < bytes.count else {
      return Fault(
        position: position, reason: "the file ends where \(expected) was expected; perhaps it is cut off")
    }
    let found: String
    switch current {
    case UInt8(ascii: "{"): found = "an object"
    case UInt8(ascii: "["): found = "a list"
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"): found = "the end of the line"
    case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ":"):
      found = String(decoding: [current], as: UTF8.self)
    default:
      let word = bytes[position...].prefix { !",]}\n\r".utf8.contains($0) }
      found = String(decoding: word.prefix(30), as: UTF8.self) + (word.count > 30 ? " …" : "")
    }
    return Fault(position: position, reason: "expected \(expected), found \(found)")
  }
}
