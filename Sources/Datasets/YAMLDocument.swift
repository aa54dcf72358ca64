import Yams

/// The content of a YAML text, of a size that grows with the text alone.
///
/// An alias stands for all that its anchor has. A short text of aliases of aliases so means more than any memory holds;
/// therefore their number is limited.
package struct YAMLDocument {
  /// Why a text is not such a document, and the line where that shows.
  package struct Fault: Error, Equatable {
    package let line: Int?
    package let reason: String
  }

  /// The content; nothing when the text has none.
  package let root: Node?

  /// So many aliases can make a part of the text count 3⁵ times.
  private static let mostAliases = 16

  /// Reads a text.
  ///
  /// - Throws: ``Fault`` with the line, counted from 1.
  package init(_ text: String) throws(Fault) {
    try Self.checkAliases(text)
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw Fault(error)
    }
  }

  /// Counts what can only be an alias, or is text of a scalar that looks like one.
  private static func checkAliases(_ text: String) throws(Fault) {
    var (line, count) = (1, 0)
    var (previous, isStar) = (UInt8(ascii: " "), false)
    for byte in text.utf8 {
      if isStar, isNamePart(byte) {
        count += 1
        if count > mostAliases {
          throw Fault(line: line, reason: "has more than \(mostAliases) aliases (*name): write out what they stand for")
        }
      }
      isStar = byte == UInt8(ascii: "*") && !isNamePart(previous)
      if byte == UInt8(ascii: "\n") { line += 1 }
      previous = byte
    }
  }

  /// Whether the name of an anchor may have a character.
  private static func isNamePart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension YAMLDocument.Fault {
  /// Gives an error of the parser its line and a reason of one line.
  fileprivate init(_ error: any Error) {
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let reason = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
      self.init(line: mark.line, reason: "not valid YAML: \(reason)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let keys = duplicates.map { "'\($0)'" }.joined(separator: ", ")
      self.init(line: context.mark.line, reason: "\(keys) is given more than once in one mapping")
    default:
      self.init(line: nil, reason: "not valid YAML: \(error)")
    }
  }
}
