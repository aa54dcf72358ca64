import Datasets
import Files
import Foundation
import FoundationXML
import Images
import Synthetic
import Testing
import Threads

struct SyntheticDatasetTests {
  /// Runs `body` with the path of a directory that does not exist yet and is removed afterwards.
  private func withTemporaryPath(_ body: (String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "synthetic-" + UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url.path)
  }

  /// Every file below a directory with its content.
  private func files(_ directory: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: directory) {
      files[path] = FileManager.default.contents(atPath: directory + "/" + path)
    }
    return files
  }

  private func lines(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  @Test func theLayoutIsThatOfPascalVOC() throws {
    try withTemporaryPath { directory in
      try SyntheticDataset(images: 20, seed: 1).write(to: directory)
      #expect(try lines(directory + "/classes.txt") == ["circle", "square", "triangle", "star", "cross", "ring"])
      let split = try ["train", "val", "trainval", "test"].map { try lines("\(directory)/ImageSets/Main/\($0).txt") }
      #expect(split.map(\.count) == [14, 2, 16, 4])
      #expect(Set(split[0] + split[1]) == Set(split[2]))
      let all = split[2] + split[3]
      #expect(all.sorted() == (1...20).map { String(format: "%06d", $0) })

      for identifier in all {
        let size = try Image.size(ofFile: "\(directory)/JPEGImages/\(identifier).jpg")
        let url = URL(fileURLWithPath: "\(directory)/Annotations/\(identifier).xml")
        let document = try XMLDocument(contentsOf: url, options: [])
        func numbers(_ path: String) throws -> [Int] {
          try document.nodes(forXPath: path).map { try #require($0.stringValue.flatMap { Int($0) }) }
        }
        #expect(try numbers("/annotation/size/*") == [size.width, size.height, 3])
        #expect(try document.nodes(forXPath: "/annotation/filename").first?.stringValue == identifier + ".jpg")
        let scene = SyntheticScene(seed: 1, number: try #require(Int(identifier)))
        #expect(try document.nodes(forXPath: "/annotation/object").count == scene.objects.count)
        for (index, (object, visible)) in zip(scene.objects, scene.visibilities).enumerated() {
          let path = "/annotation/object[\(index + 1)]"
          #expect(try document.nodes(forXPath: path + "/name").first?.stringValue == object.shape.rawValue)
          #expect(try numbers(path + "/truncated") == [visible.cutPart(of: object) > 0 ? 1 : 0])
          #expect(try numbers(path + "/difficult") == [visible.hiddenPart(of: object) > 0.2 ? 1 : 0])
          // Counted from 1, both ends included.
          let box = try numbers(path + "/bndbox/*")
          #expect(box == [visible.left, visible.top, visible.right, visible.bottom].map { $0 + 1 })
          #expect(box.min()! >= 1 && box[2] <= size.width && box[3] <= size.height)
        }
      }
    }
  }

  @Test func itReadsAsPascalVOCWithoutAnyRepair() throws {
    try withTemporaryPath { directory in
      try SyntheticDataset(images: 10, seed: 4).write(to: directory)
      for (split, count) in [("trainval", 8), ("test", 2)] {
        let dataset = try Dataset.pascalVOC(
          roots: [directory], split: split, classes: SyntheticDataset.classNames)
        #expect(dataset.images.count == count && dataset.warnings.isEmpty)
        for image in dataset.images {
          let scene = SyntheticScene(seed: 4, number: try #require(Int(image.identifier)))
          #expect(
            image.objects.map { dataset.classNames[$0.groundTruth.label - 1] } == scene.objects.map(\.shape.rawValue))
        }
      }
    }
  }

  @Test func theSameArgumentsGiveTheSameBytesAndALargerDataSetContainsTheSmaller() throws {
    try withTemporaryPath { first in
      try withTemporaryPath { second in
        try SyntheticDataset(images: 6, seed: 9).write(to: first)
        try SyntheticDataset(images: 6, seed: 9).write(to: second)
        let files = try files(first)
        #expect(try files == self.files(second))
        try FileManager.default.removeItem(atPath: second)
        try SyntheticDataset(images: 8, seed: 9).write(to: second)
        let larger = try self.files(second)
        for (path, content) in files where path.hasSuffix(".jpg") || path.hasSuffix(".xml") {
          #expect(larger[path] == content)
        }
        try FileManager.default.removeItem(atPath: second)
        try SyntheticDataset(images: 6, seed: 10).write(to: second)
        #expect(try self.files(second)["JPEGImages/000001.jpg"] != files["JPEGImages/000001.jpg"])
      }
    }
  }

  @Test func progressCountsTheImages() throws {
    try withTemporaryPath { directory in
      let calls = Monitor([Int]())
      try SyntheticDataset(images: 5, seed: 1).write(to: directory) { finished in
        calls.withLock { $0.append(finished) }
      }
      #expect(calls.withLock { $0 } == [1, 2, 3, 4, 5])
    }
  }

  @Test func aCompleteDataSetIsLeftAlone() throws {
    try withTemporaryPath { directory in
      let dataset = SyntheticDataset(images: 5, seed: 1)
      try dataset.write(to: directory)
      try dataset.write(to: directory) { _ in Issue.record("an image was written again") }
    }
  }

  @Test func anInterruptedDataSetIsCompleted() throws {
    try withTemporaryPath { directory in
      let dataset = SyntheticDataset(images: 5, seed: 1)
      try dataset.write(to: directory)
      let files = try files(directory)
      let stamp = (complete: directory + "/synthesis.json", partial: directory + "/synthesis-incomplete.json")
      try FileManager.default.moveItem(atPath: stamp.complete, toPath: stamp.partial)
      try FileManager.default.removeItem(atPath: directory + "/ImageSets")
      try Data("torn".utf8).write(to: URL(fileURLWithPath: directory + "/JPEGImages/000002.jpg"))
      try dataset.write(to: directory)
      #expect(try self.files(directory) == files)
    }
  }

  @Test func aFolderThatHoldsAnythingElseIsRefusedAndKept() throws {
    try withTemporaryPath { directory in
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: URL(fileURLWithPath: directory + "/thesis.txt"))
      let error = #expect(throws: SynthesisError.self) { try SyntheticDataset(images: 5, seed: 1).write(to: directory) }
      #expect(error?.path == directory && error?.reason.contains("not empty") == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["thesis.txt"])
    }
  }

  @Test(arguments: [(6, UInt64(1)), (5, 2)])
  func aDataSetOfOtherArgumentsIsRefusedAndKept(images: Int, seed: UInt64) throws {
    try withTemporaryPath { directory in
      try SyntheticDataset(images: 5, seed: 1).write(to: directory)
      let files = try files(directory)
      let error = #expect(throws: SynthesisError.self) {
        try SyntheticDataset(images: images, seed: seed).write(to: directory)
      }
      #expect(error?.reason.contains("\"images\":5,\"seed\":1") == true)
      #expect(try self.files(directory) == files)
    }
  }

  @Test func aFileInTheWayIsNamed() throws {
    try withTemporaryPath { directory in
      try Data().write(to: URL(fileURLWithPath: directory))
      #expect(throws: SynthesisError.self) { try SyntheticDataset(images: 5, seed: 1).write(to: directory) }
      #expect(throws: FileError(directory + "/inside", cannot: "create the directory", errorNumber: ENOTDIR)) {
        try SyntheticDataset(images: 5, seed: 1).write(to: directory + "/inside")
      }
    }
  }

  @Test func anImageThatCannotBeWrittenEndsTheRun() throws {
    try withTemporaryPath { directory in
      let dataset = SyntheticDataset(images: 5, seed: 1)
      try dataset.write(to: directory)
      try FileManager.default.moveItem(
        atPath: directory + "/synthesis.json", toPath: directory + "/synthesis-incomplete.json")
      let obstacle = directory + "/JPEGImages/000003.jpg"
      try FileManager.default.removeItem(atPath: obstacle)
      try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
      #expect(throws: FileError(obstacle, "a directory; a file is to be written")) {
        try dataset.write(to: directory)
      }
      #expect(!FileManager.default.fileExists(atPath: directory + "/synthesis.json"))
    }
  }
}
