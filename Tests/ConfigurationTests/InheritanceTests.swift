import Configuration
import Foundation
import TestSupport
import Testing

/// Files that add to others.
struct InheritanceTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func write(_ text: String, to name: String) throws -> String {
    let path = "\(directory.path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test func `A file adds to another one, key by key`() throws {
    _ = try write(
      """
      version: 1
      data: {root: data, classes: [a, b]}
      training: {iterations: 10, seed: 4, schedule: {milestones: [5], factor: 0.5}}
      """, to: "base.yaml")
    _ = try write("config: ../base.yaml\ntraining: {seed: 5, learning_rate: 0.01}\n", to: "more/middle.yaml")
    let path = try write(
      "config: more/middle.yaml\ntraining: {epochs: 3, schedule: {factor: 0.25}}\ndata: {classes: [c]}\n",
      to: "top.yaml")
    let found = try Configuration(contentsOf: path, overrides: ["training.learning_rate=0.02"])
    #expect(found.training.seed == 5 && found.training.schedule.base == 0.02 && found.training.length == .epochs(3))
    #expect(found.training.schedule.factor == 0.25 && found.data.classNames == ["c"] && found.data.roots == ["data"])
    #expect(found.output == "runs/top" && !found.resolvedYAML.contains("config:"))
  }

  @Test func `An empty section takes nothing away, and a file cannot contradict itself`() throws {
    _ = try write("version: 1\ntraining: {global_batch: 4, micro_batch: 2, iterations: 8}\n", to: "base.yaml")
    let empty = try write("config: base.yaml\ntraining:\n  # nothing yet\n", to: "empty.yaml")
    let found = try Configuration(contentsOf: empty)
    #expect(found.training.globalBatch == 4 && found.training.length == .iterations(8))
    let both = try write("config: base.yaml\ntraining: {iterations: 2, epochs: 1}\n", to: "both.yaml")
    #expect(throws: ConfigurationError.self) { try Configuration(contentsOf: both) }
  }

  @Test func `Faults name the file that has them`() throws {
    let base = try write("version: 1\ntraining: {seed: x}\n", to: "base.yaml")
    for (text, reason) in [
      ("config: base.yaml\n", "\(base):2: training.seed: expected"),
      ("config: none.yaml\n", "top.yaml:1: config: there is no file \(directory.path)/none.yaml"),
      (
        "config: top.yaml\n",
        "top.yaml:1: config: \(directory.path)/top.yaml is read by \(directory.path)/top.yaml: configurations go round in a circle"
      ),
      (
        "config: [a, b]\n",
        "top.yaml:1: config: expected the path of a configuration that this one adds to, found a list"
      ),
    ] {
      let path = try write(text, to: "top.yaml")
      #expect {
        _ = try Configuration(contentsOf: path)
      } throws: { "\($0)".contains(reason) }
    }
  }
}
