import Files
import Foundation
import Inference
import ModelFiles
import TestSupport
import Testing

/// A classification head is taken for the classes that its file has by name, not for as many.
struct ClassNameTests {
  private let directory: TemporaryDirectory
  private let path: String
  private static let head = "head.classification_head.weight"

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path + "/a.safetensors"
  }

  /// The values of a head in file order, of one cell and one default box: a row for each class, background first.
  private func rows(_ fixture: CheckpointFixture) throws -> [[Float]] {
    let head = try #require(fixture.weights.layout.variables.first { $0.name == Self.head })
    var values = [Float](repeating: 0, count: head.range.count)
    values.withUnsafeMutableBufferPointer {
      head.copyToFileOrder(from: UnsafeBufferPointer(fixture.weights[head]), to: $0)
    }
    return stride(from: 0, to: values.count, by: 5).map { Array(values[$0..<$0 + 5]) }
  }

  private func load(_ names: [String]) throws -> (WeightLoading, before: [[Float]], after: [[Float]]) {
    let model = try CheckpointFixture(classes: names.count, seed: 1000)
    let before = try rows(model)
    let loading = try WeightLoading(from: SafetensorsFile(path), into: model.weights, classNames: names)
    return (loading, before, try rows(model))
  }

  @Test func `The same names in the same order are taken as they are`() throws {
    let written = try CheckpointFixture(classes: 3)
    try written.write(to: path, iteration: 9)
    let (loading, _, after) = try load(["kind1", "kind2", "kind3"])
    #expect(loading.taken.contains(Self.head) && loading.takenByClass.isEmpty)
    #expect(try after == rows(written))
  }

  @Test(arguments: [["kind3", "kind1", "kind2"], ["kind2"], ["new", "kind3"], ["kind1", "a", "b", "kind2", "c"]])
  func `Other orders, fewer and more classes are taken name by name`(names: [String]) throws {
    let written = try CheckpointFixture(classes: 3)
    try written.write(to: path, iteration: 9)
    let (loading, before, after) = try load(names)
    #expect(loading.takenByClass == [Self.head] && loading.mismatched.isEmpty)
    let file = try rows(written)
    let (own, found) = (names.count + 1, 4)
    for box in 0..<4 {
      #expect(after[box * own] == file[box * found], "background")
      for (index, name) in names.enumerated() {
        let row = after[box * own + index + 1]
        if let label = ["kind1", "kind2", "kind3"].firstIndex(of: name) {
          #expect(row == file[box * found + label + 1])
        } else {
          #expect(row == before[box * own + index + 1])
        }
      }
    }
    let missing = names.filter { !$0.hasPrefix("kind") }
    #expect(loading.missingClasses == missing)
    let rest = missing.isEmpty ? "" : "; not in the file, initialised: \(missing.joined(separator: ", "))"
    #expect(
      loading.summary(path: "a").contains(
        "other classes or another order, taken class by class by their names: \(Self.head)\(rest)"))
  }

  @Test func `As many classes of other names leave the head as it was`() throws {
    try CheckpointFixture(classes: 3).write(to: path, iteration: 9)
    let (loading, before, after) = try load(["a", "b", "c"])
    #expect(loading.mismatched.map(\.name) == [Self.head] && before == after)
    #expect(loading.summary(path: "a").contains("other classes, initialised: \(Self.head)"))
  }

  @Test func `Plain weights of 20 classes are those of Pascal VOC, of other numbers unknown`() throws {
    try CheckpointFixture(classes: 20).weights.tensorSources().writeSafetensors(to: path)
    #expect(try load((1...20).map { "own\($0)" }).0.mismatched.map(\.name) == [Self.head])
    let (loading, _, _) = try load(["dog", "own", "cat"])
    #expect(loading.takenByClass == [Self.head] && loading.missingClasses == ["own"])
    try CheckpointFixture(classes: 90).weights.tensorSources().writeSafetensors(to: path)
    #expect(try load(["airplane", "toothbrush"]).0.missingClasses == [])
    try CheckpointFixture(classes: 3).weights.tensorSources().writeSafetensors(to: path)
    #expect(try load(["a", "b", "c"]).0.taken.contains(Self.head))
  }

  @Test func `A detector gets the channels of its classes, or is refused when their order is doubtful`() throws {
    let written = try CheckpointFixture(classes: 3)
    try written.write(to: path, iteration: 9)
    let checkpoint = try Checkpoint(contentsOf: path)
    func fill(_ names: [String]) throws -> [[Float]] {
      let model = try CheckpointFixture(classes: names.count, seed: 1000)
      try checkpoint.fill(model.weights, classNames: names)
      return try rows(model)
    }
    let file = try rows(written)
    #expect(try fill(["kind1", "kind2", "kind3"]) == file)
    #expect(try fill(["new", "kind2", "other"]) == file, "renamed")
    #expect(try fill(["kind2", "kind1", "kind3"])[1] == file[2])
    #expect(try fill(["kind3"])[1] == file[3])
    let error = try #require(throws: FileError.self) { try fill(["kind2", "new", "kind3"]) }
    #expect(error.reason.contains(#"its classes are kind1, kind2, kind3; "kind2" has another place"#))
  }
}
