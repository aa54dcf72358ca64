/// The text of a file in UTF-8 or UTF-16, with or without a byte order mark.
package struct UnicodeText {
  /// Why bytes are no text.
  package struct Fault: Error {
    /// Counted from 1, where it is known.
    package let line: Int?
    package let reason: String
  }

  /// How the characters are stored.
  private enum Encoding {
    case utf8
    case utf16(isBigEndian: Bool)
  }

  /// The text without the byte order mark.
  package let text: String

  /// Whether bytes are the first of a text in UTF-16 or UTF-32.
  static func isWide(_ bytes: [UInt8]) -> Bool {
    switch try? encoding(of: bytes).0 {
    case .utf8: false
    case .utf16, nil: true
    }
  }

  /// Decodes the bytes of a file.
  ///
  /// A byte order mark decides. Without one, a zero beside the first character tells UTF-16 from UTF-8, since no text has it.
  ///
  /// - Throws: `Fault` for what is neither, as text in Latin-1 or UTF-32.
  package init(_ bytes: [UInt8]) throws(Fault) {
    let (encoding, markLength) = try Self.encoding(of: bytes)
    let content = bytes[markLength...]
    switch encoding {
    case .utf8:
      guard let text = String(validating: content, as: UTF8.self), !content.contains(0) else {
        throw Fault(
          line: Self.firstBadLine(of: content),
          reason: "not text in UTF-8 or UTF-16: save the file in UTF-8")
      }
      self.text = text
    case .utf16(let isBigEndian):
      guard content.count.isMultiple(of: 2) else { throw Fault(line: nil, reason: "UTF-16 text that is cut off") }
      let units = stride(from: content.startIndex, to: content.endIndex, by: 2).map { index in
        let (first, second) = (UInt16(content[index]), UInt16(content[index + 1]))
        return isBigEndian ? first << 8 | second : second << 8 | first
      }
      guard let text = String(validating: units, as: UTF16.self), !units.contains(0) else {
        throw Fault(line: nil, reason: "damaged UTF-16 text: save the file in UTF-8")
      }
      self.text = text
    }
  }

  private static func encoding(of bytes: [UInt8]) throws(Fault) -> (Encoding, markLength: Int) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
    if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) {
      throw Fault(line: nil, reason: "text in UTF-32, which is not read: save the file in UTF-8")
    }
    if bytes.starts(with: [0xFF, 0xFE]) { return (.utf16(isBigEndian: false), 2) }
    if bytes.starts(with: [0xFE, 0xFF]) { return (.utf16(isBigEndian: true), 2) }
    if bytes.count >= 2, (bytes[0] == 0) != (bytes[1] == 0) { return (.utf16(isBigEndian: bytes[0] == 0), 0) }
    return (.utf8, 0)
  }

  private static func firstBadLine(of bytes: ArraySlice<UInt8>) -> Int? {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil || $0.contains(0) }
    return index.map { $0 + 1 }
  }
}
