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

  /// The members of a mapping, with those that `<<: *other` merges into it where it has none of its own.
  package static func merged(_ mapping: Node.Mapping) -> [(key: Node, value: Node)] {
    let merges = mapping.filter { $0.key.string == "<<" }.flatMap { $0.value.sequence.map(Array.init) ?? [$0.value] }
    var members = mapping.filter { $0.key.string != "<<" }.map { (key: $0.key, value: $0.value) }
    for case let other? in merges.map(\.mapping) {
      let names = Set(members.compactMap(\.key.string))
      members += merged(other).filter { !names.contains($0.key.string ?? "") }
    }
    return members
  }

  /// Counts what can be an alias: a star with a name where a value begins, at the start of a line or behind one of `-?:,[{`.
  ///
  /// Comments and texts of several lines (`download: |`) are passed over, where no quote makes it unsure that they are such.
  private static func checkAliases(_ text: String) throws(Fault) {
    var count = 0
    var block: Int?
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let hasQuote = line.utf8.contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }
      let indent = line.prefix { $0 == " " }.count
      let isBlank = indent == line.count
      if hasQuote || (!isBlank && indent <= block ?? .max) { block = nil }
      if block != nil { continue }
      count += aliases(line.utf8, skipsComments: !hasQuote)
      if count > mostAliases {
        throw Fault(
          line: index + 1, reason: "has more than \(mostAliases) aliases (*name): write out what they stand for")
      }
      if !hasQuote, beginsBlock(line) { block = indent }
    }
  }

  /// Whether the lines below, as far as they are indented more, are a text.
  private static func beginsBlock(_ line: Substring) -> Bool {
    let words = line.split(separator: " ")
    guard words.count >= 2, let last = words.last, let first = last.first, "|>".contains(first) else { return false }
    return words[words.count - 2].hasSuffix(":") && last.dropFirst().allSatisfy { "0123456789+-".contains($0) }
  }

  private static func aliases(_ line: Substring.UTF8View, skipsComments: Bool) -> Int {
    var count = 0
    // The last character that is no blank, whether a blank is behind it, and whether a star came where a value begins.
    var (last, isApart, isStar) = (UInt8(ascii: "-"), true, false)
    for byte in line {
      if isStar, isNamePart(byte) { count += 1 }
      if skipsComments, byte == UInt8(ascii: "#"), isApart { break }
      isStar = byte == UInt8(ascii: "*") && "-?:,[{".utf8.contains(last)
      isApart = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
      if !isApart { last = byte }
    }
    return count
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
