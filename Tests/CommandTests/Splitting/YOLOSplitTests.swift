import Datasets
import Foundation
import TestSupport
import Testing

/// `multibox split` of YOLO data.
struct YOLOSplitTests {
  private let workspace: SplitWorkspace
  private var path: String { workspace.path }

  init() throws { workspace = try SplitWorkspace() }

  private func write(_ names: [String], images: String, labels: String, unlabelled: Set<Int> = []) throws {
    for (index, name) in names.enumerated() {
      try workspace.write(picture: "\(images)/\(name).png", shade: index)
      if unlabelled.contains(index) { continue }
      try workspace.write("\(index % 2) 0.5 0.5 0.25 0.5\n", to: "\(labels)/\(name).txt")
    }
  }

  private let names = (0..<20).map { "p\($0)q" }

  @Test(arguments: [("data/images", "data/labels"), ("data", "data")])
  func `Lists are written beside the data, and read back`(places: (String, String)) throws {
    try write(names, images: places.0, labels: places.1, unlabelled: [3])
    try workspace.write("cat\ndog\nbird\n", to: "data/classes.txt")
    let outcome = try workspace.split("--test", "0.25", "--seed", "1").succeeded()
    #expect(outcome.output.contains("format: yolo") && outcome.output.contains("train_split: train.txt"))
    #expect(outcome.output.contains("classes: [cat, dog]"), "\(outcome.output)")
    #expect(outcome.messages.contains("1 image without a label file, taken as background"), "\(outcome.messages)")
    let parts = try workspace.datasets(outcome.output)
    #expect(parts.map(\.images.count) == [15, 5])
    #expect(parts.flatMap(\.images).flatMap(\.objects).count == 19)
    #expect(Set(parts.flatMap(\.images).map(\.imagePath)).count == 20)
    let lines = try String(contentsOfFile: "\(path)/data/test.txt", encoding: .utf8).split(separator: "\n")
    #expect(lines.allSatisfy { $0.hasPrefix(places.0 == "data" ? "./p" : "./images/p") }, "\(lines)")
    // The same seed, the same parts; an earlier division is replaced only when that is wanted.
    try workspace.split("--test", "0.25", "--seed", "1").ended(with: 64)
    let again = try workspace.split("--test", "0.25", "--seed", "1", "--overwrite").succeeded()
    #expect(again.output == outcome.output)
    try workspace.split("--validation", "0.25", "--overwrite").succeeded()
    #expect(FileManager.default.fileExists(atPath: "\(path)/data/val.txt"))
    let less = try workspace.split("--overwrite").succeeded()
    #expect(less.messages.contains("removed, as an earlier division of the same images: \(path)/data/val.txt"))
  }

  @Test func `All images that data.yaml names are divided anew, elsewhere if wanted`() throws {
    try write(Array(names[..<15]), images: "data/train/images", labels: "data/train/labels")
    try write(Array(names[15...]), images: "data/valid/images", labels: "data/valid/labels")
    try workspace.write(
      "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnames: [cat, dog]\n", to: "data/data.yaml")
    for data in ["data", "data/data.yaml"] {
      let outcome = try workspace.split(
        "--output", "\(path)/lists", "--validation", "0.25", "--overwrite", data: data
      ).succeeded()
      let parts = try workspace.datasets(outcome.output)
      #expect(parts.map(\.images.count) == [11, 5] && parts.allSatisfy { $0.warnings.isEmpty }, "\(outcome.output)")
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: "\(path)/data").sorted() == ["data.yaml", "train", "valid"])
    let kept = try workspace.split("--keep-directories").ended(with: 64)
    #expect(kept.messages.contains("set data.format: yolo, data.train_split: train, data.evaluation_split: val"))
  }

  @Test func `What cannot be divided is named`() throws {
    try write(names, images: "data/images", labels: "data/labels")
    #expect(try workspace.split().ended(with: 65).messages.contains("or a classes.txt with a name on each line"))
    try workspace.write("cat\n", to: "data/classes.txt")
    let unknown = try workspace.split().ended(with: 65).messages
    #expect(unknown.contains("/labels/p11q.txt:1: 1 is the number of no class"), "\(unknown)")
    try workspace.write("cat\ndog\n", to: "data/classes.txt")
    try workspace.write("0 1 2 3\n", to: "data/labels/p4q.txt")
    #expect(try workspace.split().ended(with: 65).messages.contains("/labels/p4q.txt:1: expected 5 numbers"))
    // A list that the data are read from is not overwritten.
    try workspace.write("0 0.5 0.5 0.25 0.5\n", to: "data/labels/p4q.txt")
    try workspace.write(names.map { "./images/\($0).png\n" }.joined(), to: "data/train.txt")
    try workspace.write("train: train.txt\nnames: [cat, dog]\n", to: "data/data.yaml")
    let list = try workspace.split("--overwrite").ended(with: 64).messages
    #expect(list.contains("/data/train.txt is the file that is divided"), "\(list)")
    // Elsewhere, images that are listed and not there are counted.
    try FileManager.default.removeItem(atPath: "\(path)/data/images/p5q.png")
    let rest = try workspace.split("--output", "\(path)/lists").succeeded()
    #expect(rest.messages.contains("1 image of \(path)/data/train.txt not there, left out"), "\(rest.messages)")
    #expect(try workspace.read(rest.output).reduce(0, +) == 19)
    try workspace.write(picture: "data/images/p4q.jpeg", shade: 9)
    try workspace.write("train: images\nnames: [cat, dog]\n", to: "data/data.yaml")
    #expect(
      try workspace.split().ended(with: 65).messages.contains("and so the same labels: which image was annotated?"))
    try workspace.write("names: [cat\n", to: "data/data.yaml")
    #expect(try workspace.split(data: "data/data.yaml").ended(with: 65).messages.contains("not valid YAML"))
  }
}
