import Foundation
import TestSupport
import Testing

/// A document of the project in Markdown.
struct Document: Sendable, CustomTestStringConvertible {
  /// Lines between two fences.
  struct Block: Sendable {
    /// What stands behind the first fence: `sh`, `yaml`, or nothing.
    let language: String
    /// The heading above.
    let heading: String
    var text = ""
  }

  /// From the root of the repository, as `docs/data.md`.
  let path: String
  let byteCount: Int
  let blocks: [Block]
  let headings: [String]
  /// All that is not in a block.
  let prose: String

  var testDescription: String { path }

  /// `README.md` and what is under `docs`.
  static let all: [Document] = {
    let files = FileManager.default.subpaths(atPath: ChildProcess.repository + "/docs") ?? []
    let names = files.filter { $0.hasSuffix(".md") }.sorted()
    return (["README.md"] + names.map { "docs/" + $0 }).map(Document.init)
  }()

  init(_ path: String) {
    self.path = path
    let text = (try? String(contentsOfFile: "\(ChildProcess.repository)/\(path)", encoding: .utf8)) ?? ""
    byteCount = text.utf8.count
    var (blocks, headings, prose) = ([Block](), [String](), "")
    var isInBlock = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isInBlock.toggle()
        if isInBlock { blocks.append(Block(language: String(line.dropFirst(3)), heading: headings.last ?? "")) }
      } else if isInBlock {
        blocks[blocks.count - 1].text += line + "\n"
      } else {
        if let heading = line.wholeMatch(of: #/#+ +(.+)/#) { headings.append(String(heading.output.1)) }
        prose += line + "\n"
      }
    }
    (self.blocks, self.headings, self.prose) = (blocks, headings, prose)
  }

  /// The commands in blocks marked `sh`, under any heading or under one.
  func commands(under heading: String? = nil) -> [ShellCommand] {
    blocks.filter { $0.language == "sh" && (heading == nil || $0.heading == heading) }
      .flatMap { ShellCommand.commands(in: $0.text) }
  }

  /// What stands between backquotes.
  var codeSpans: [String] {
    prose.matches(of: #/`([^`]+)`/#).map { String($0.output.1).replacing("\n", with: " ") }
  }

  /// The lines at a prompt in blocks that show a terminal.
  var promptLines: [String] {
    blocks.filter { $0.language == "console" }.flatMap { $0.text.split(separator: "\n") }
      .filter { $0.hasPrefix("$ ") }.map { String($0.dropFirst(2)) }
  }

  /// The first cells of all rows of tables, without backquotes, and the cell at `column` beside each.
  func rows(column: Int) -> [(key: String, value: String)] {
    prose.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count > column else { return nil }
      return (cells[0].trimmingCharacters(in: ["`"]), cells[column])
    }
  }

  /// The targets of links and images.
  var links: [String] {
    prose.replacing(#/`[^`]*`/#, with: "").matches(of: #/\]\(([^)\s]+)\)/#).map { String($0.output.1) }
  }

  /// What links to the headings have behind `#`, as GitHub makes it.
  var anchors: Set<String> {
    var counts: [String: Int] = [:]
    return Set(
      headings.map { heading in
        let text = heading.replacing(#/\[([^\]]*)\]\([^)]*\)/#) { String($0.output.1) }.lowercased()
        let anchor = String(
          text.compactMap { character -> Character? in
            if character == " " { return "-" }
            return character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
          })
        let count = counts[anchor, default: 0]
        counts[anchor] = count + 1
        return count == 0 ? anchor : "\(anchor)-\(count)"
      })
  }
}
