import Foundation

/// The lines of a file under `ImageSets/Main`.
struct PascalVOCSplitFile {
  let path: String
  let lines: [PascalVOCSplitLine]

  /// Reads the file of a split.
  ///
  /// - Throws: `DatasetError` naming the line, or for a missing file the splits that exist or what is there instead.
  init(_ source: DatasetSource) throws(DatasetError) {
    path = "\(source.root)/ImageSets/Main/\(source.split).txt"
    guard FileManager.default.fileExists(atPath: path) else {
      throw DatasetError(file: path, reason: PascalVOCLayout(root: source.root).reasonForMissingSplit)
    }
    let file = AnnotationFile(path: path, kind: .list)
    let bytes = [UInt8](try file.contents())
    if let refusal = file.refusal(of: bytes) { throw refusal }
    do {
      lines = try PascalVOCSplitLine.all(UnicodeText(bytes).text)
    } catch {
      throw DatasetError(file: path, line: error.line, reason: error.reason)
    }
    if lines.isEmpty { throw DatasetError(file: path, reason: "lists no image") }
  }
}

/// A line of a list of images, and what it may mean.
package struct PascalVOCSplitLine {
  /// Counted from 1.
  package let number: Int
  /// The line without blanks at its ends; of a quoted name, what is between the quotes.
  package let text: String
  /// `text` without a class flag at its end; nothing when there is none to take off.
  let textBeforeFlag: String?
  /// Whether the name is in double quotes.
  private let isQuoted: Bool
  /// Whether a class flag stands behind the quotes.
  let hasFlagBehindQuotes: Bool

  private static let flags: Set = ["1", "-1", "0"]

  /// The lines of a list that are not blank.
  ///
  /// - Throws: `Fault` for quotes that do not end.
  package static func all(_ text: String) throws(UnicodeText.Fault) -> [PascalVOCSplitLine] {
    var lines: [PascalVOCSplitLine] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let text = line.trimmingPrefix(while: \.isWhitespace)
      let end = text.lastIndex { !$0.isWhitespace }
      guard let end else { continue }
      lines.append(try PascalVOCSplitLine(text[...end], number: index + 1))
    }
    return lines
  }

  /// The line that means an image, in double quotes where it would mean another without.
  ///
  /// - Parameter name: path of the image below `JPEGImages`, without extension.
  /// - Returns: nothing when no line is read back as this name.
  package static func naming(_ name: String) -> String? {
    // The reader takes a backslash for a slash.
    if name.contains("\\") { return nil }
    return [name, "\"\(name)\""].first { line in
      guard let text = try? UnicodeText([UInt8]("\(line)\n".utf8)).text, let lines = try? all(text), lines.count == 1
      else { return false }
      return lines[0].text.utf8.elementsEqual(name.utf8) && !lines[0].mayHaveFlag
    }
  }

  private init(_ line: Substring, number: Int) throws(UnicodeText.Fault) {
    self.number = number
    isQuoted = line.first == "\""
    guard isQuoted else {
      (text, hasFlagBehindQuotes) = (String(line), false)
      let start = line.lastIndex(where: \.isWhitespace)
      textBeforeFlag = start.flatMap { start in
        Self.flags.contains(String(line[line.index(after: start)...]))
          ? String(line[...line[..<start].lastIndex { !$0.isWhitespace }!]) : nil
      }
      return
    }
    let rest = line.dropFirst()
    guard let end = rest.lastIndex(of: "\"") else {
      throw UnicodeText.Fault(line: number, reason: "expected an image name, found \(line) without a second quote")
    }
    let behind = String(rest[rest.index(after: end)...].trimmingPrefix(while: \.isWhitespace))
    guard behind.isEmpty || Self.flags.contains(behind), rest.startIndex < end else {
      throw UnicodeText.Fault(
        line: number, reason: "expected an image name in quotes, or one and 1, -1 or 0, found \(line)")
    }
    (text, textBeforeFlag, hasFlagBehindQuotes) = (String(rest[..<end]), nil, !behind.isEmpty)
  }

  /// Whether the line ends like one of a class file.
  var mayHaveFlag: Bool { textBeforeFlag != nil || hasFlagBehindQuotes }

  /// The images that the line may mean, of those that are there.
  func meanings(
    in directories: inout PascalVOCDirectories
  ) -> (whole: PascalVOCDirectories.Name?, beforeFlag: PascalVOCDirectories.Name?) {
    let whole = directories.image(meantBy: text)
    return (whole, textBeforeFlag.flatMap { directories.image(meantBy: $0) })
  }

  /// Why the line names no image.
  func reasonForNoImage(in directories: inout PascalVOCDirectories, hasFlags: Bool) -> String {
    let name = hasFlags ? textBeforeFlag ?? text : text
    let missing = "has no annotation \(directories.annotationPath(name).path), and no file in JPEGImages"
    guard !isQuoted, text.contains(where: \.isWhitespace), !(hasFlags && !name.contains(where: \.isWhitespace)) else {
      return "image \(name) \(missing)"
    }
    return "expected an image name, or a name and 1, -1 or 0, found \"\(text)\": image \(name) \(missing)"
  }
}
