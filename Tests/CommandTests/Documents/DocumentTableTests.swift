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

  @Test func `All keys of the configuration are in its document, with their defaults`() throws {
    let directory = try TemporaryDirectory()
    try DocumentedData(directory: directory.path).make()
    let configuration = directory.path + "/smallest.yaml"
    try "version: 1\ndata: {root: data/BCCD, classes: [RBC, WBC, Platelets]}\n".write(
      toFile: configuration, atomically: true, encoding: .utf8)
    // A run whose time is over before it begins leaves every key with its value.
    func keys(_ name: String, _ options: String...) throws -> [String: String] {
      try ChildProcess(
        MultiboxProcess.executable, ["train", configuration, "--output", "runs/\(name)"] + options,
        environment: ["MULTIBOX_DEADLINE": "1"], directory: directory.path
      ).wait().ended(with: 75)
      return Self.flat(try String(contentsOfFile: "\(directory.path)/runs/\(name)/config.yaml", encoding: .utf8))
    }
    let defaults = try keys("smallest")
    let lists = ["minimum_sizes", "maximum_sizes", "steps"].map { "\($0): [30, 60, 111, 162, 213, 264]" }
    let boxes = lists.joined(separator: ", ") + ", aspect_ratios: [[2], [2, 3], [2, 3], [2, 3], [2], [2]]"
    let all = try defaults.merging(keys("boxes", "--set", "model.default_boxes={\(boxes)}")) { first, _ in first }

    let rows = Document("docs/configuration.md").rows(column: 2)
    #expect(Set(all.keys).symmetricDifference(rows.map(\.key)).isEmpty)
    #expect(Set(rows.map(\.key)).count == rows.count, "a key has two rows")
    for (key, cell) in rows {
      // Other defaults are said in words.
      guard let stated = cell.firstMatch(of: #/^`([^`]+)`/#)?.output.1, let value = defaults[key] else { continue }
      #expect(String(stated) == value || (Double(stated) != nil && Double(stated) == Double(value)), "\(key): \(value)")
    }
  }

  /// The values of a YAML file by dotted keys; lists stay as they are written.
  private static func flat(_ yaml: String) -> [String: String] {
    var (sections, values) = ([String](), [String: String]())
    for line in yaml.split(separator: "\n") {
      guard let match = line.wholeMatch(of: #/( *)(\w+):(.*)/#) else { continue }
      let key = (sections.prefix(match.output.1.count / 2) + [String(match.output.2)])
      let value = match.output.3.trimmingCharacters(in: .whitespaces)
      if value.isEmpty { sections = Array(key) } else { values[key.joined(separator: ".")] = value }
    }
    return values
  }
}
