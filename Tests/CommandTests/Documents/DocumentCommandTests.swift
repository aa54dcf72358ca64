import Foundation
import TestSupport
import Testing

/// The commands in blocks marked `sh`, and every mention of the program's options.
struct DocumentCommandTests {
  /// Those with commands that run; ``CustomDataTests`` has one by itself.
  static let documents = Document.all.filter { document in
    document.path != "docs/custom-data.md" && document.commands().contains { $0.kind == .runs }
  }

  @Test func `There are documents with commands`() {
    let paths = Self.documents.map(\.path)
    for name in ["README.md", "docs/clusters.md", "docs/commands.md", "docs/data.md", "docs/results.md"] {
      #expect(paths.contains(name), "\(name)")
    }
  }

  @Test(
    .enabled(if: MultiboxProcess.hasMPIRun && !MPILauncher.isMPICH, "documents have options of Open MPI's mpirun"),
    arguments: documents)
  func `The commands run as they stand`(document: Document) throws {
    _ = try DocumentRun(document.commands())
  }

  /// Of commands that take other machines or programs, files and words are checked.
  @Test(arguments: Document.all.filter { document in document.commands().contains { $0.kind != .runs } })
  func `Commands that cannot be run name what there is`(document: Document) throws {
    for command in document.commands() where command.kind != .runs {
      let words = command.words
      for file in words.flatMap({ $0.matches(of: #/(?:configs|launch|docs|Tests|\.ci)\/[\w.\/-]+/#).map(\.output) }) {
        #expect(FileManager.default.fileExists(atPath: "\(ChildProcess.repository)/\(file)"), "\(command): \(file)")
      }
      for word in words {
        #expect(word.wholeMatch(of: #/[A-Z][A-Z_]+/#) == nil, "\(command): \(word) is no argument but a placeholder")
      }
      if let script = words.first(where: { $0.hasSuffix(".py") }) {
        let text = try String(contentsOfFile: "\(ChildProcess.repository)/\(script)", encoding: .utf8)
        for option in words where option.hasPrefix("--") {
          #expect(text.contains("\"\(option)\""), "\(script) has no \(option)")
        }
      }
    }
  }

  @Test(arguments: Document.all) func `Every option exists`(document: Document) {
    let spans = document.codeSpans
    let lines = document.commands().flatMap { $0.text.split(separator: "\n").map(String.init) }
    for invocation in (lines + spans + document.promptLines).flatMap(Invocation.all) {
      guard invocation.command != ["help"] else { continue }
      let help = Self.help[invocation.command]
      #expect(help != nil, "there is no such command: \(invocation)")
      for option in invocation.options {
        #expect(help?.contains(option) != false, "\(invocation): there is no \(option)")
      }
    }
    // An option by itself is one of the program. Those of others stand behind the names of these.
    let options = Self.help.values.reduce(into: Set()) { $0.formUnion($1) }
    for span in spans {
      guard let option = span.firstMatch(of: #/^--[a-z][a-z-]*/#)?.output else { continue }
      #expect(options.contains(String(option)), "no command has \(span)")
    }
  }

  /// The options of each command.
  private static let help = Dictionary(uniqueKeysWithValues: CommandHelp.all.map { ($0.words, $0.options) })
}
