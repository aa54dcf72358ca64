import Foundation
import TestSupport
import Testing

/// Tables of the documents against what there is.
struct DocumentTableTests {
  @Test func `All environment variables are in the table of clusters`() throws {
    var used: Set<String> = []
    for directory in ["launch", "Sources", "Tests"] {
      let root = "\(ChildProcess.repository)/\(directory)"
      for name in FileManager.default.subpaths(atPath: root) ?? [] {
        // What is no text, as fixtures, has no variables.
        guard let text = try? String(contentsOfFile: "\(root)/\(name)", encoding: .utf8) else { continue }
        used.formUnion(text.matches(of: #/MULTIBOX_[A-Z]+(?:_[A-Z]+)*/#).map { String($0.output) })
      }
    }
    let keys = Document("docs/clusters.md").rows(column: 1).map(\.key).filter { $0.hasPrefix("MULTIBOX_") }
    #expect(Set(keys).count == keys.count, "twice in the table")
    #expect(!used.isEmpty && used.symmetricDifference(keys).isEmpty)
  }

  @Test func `The document of keys has the tables of the program`() throws {
    let document = try String(
      contentsOfFile: ChildProcess.repository + "/docs/configuration.md", encoding: .utf8)
    let tables = try MultiboxProcess.run("keys", "--markdown").succeeded().output
      .trimmingCharacters(in: .newlines).components(separatedBy: "\n\n")
    #expect(tables.count == 9)
    for table in tables {
      #expect(document.contains(table), "docs/configuration.md needs what `multibox keys --markdown` prints:\n\(table)")
    }
    let rows = tables.joined(separator: "\n").split(separator: "\n").filter { $0.hasPrefix("| `") }
    #expect(document.split(separator: "\n").filter { $0.hasPrefix("| `") } == rows)
  }

  @Test func `Keys are found by section and by name, and an unknown one has a hint`() throws {
    let schedule = try MultiboxProcess.run("keys", "training.schedule").succeeded().output
    #expect(
      schedule.contains("training.schedule.kind\n  name; steps, cosine; default steps\n  decay of the learning rate"))
    #expect(!schedule.contains("training.seed"))
    #expect(
      try MultiboxProcess.run("keys", "seed").succeeded().output.hasPrefix(
        "training.seed\n  integer; at least 0; default 0"))
    let unknown = try MultiboxProcess.run("keys", "lr").ended(with: 64).messages
    #expect(unknown.contains("there is no key 'lr'; did you mean 'training.learning_rate'?"))
  }
}
