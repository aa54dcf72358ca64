import Datasets
import Foundation
import TestSupport
import Testing

/// Images of one name in several roots.
@Suite struct RootNamesTests {
  /// Moves data sets into one directory, under the given paths.
  private func place(_ folders: [(AnnotatedDirectory, String)], in directory: TemporaryDirectory) throws {
    for (folder, path) in folders {
      let destination = "\(directory.path)/\(path)"
      try FileManager.default.createDirectory(
        atPath: URL(fileURLWithPath: destination).deletingLastPathComponent().path, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: folder.root, toPath: destination)
    }
  }

  private func folder(_ names: String...) throws -> AnnotatedDirectory {
    let folder = try AnnotatedDirectory()
    for name in names {
      try folder.write(image: name, width: 4, height: 4)
      try folder.write(annotation: name, "<annotation><size><width>4</width><height>4</height></size></annotation>")
    }
    try folder.write(split: "train", names.joined(separator: "\n"))
    return folder
  }

  private func identifiers(_ paths: [String], in directory: TemporaryDirectory) throws -> [String] {
    let dataset = try Dataset.pascalVOC(roots: paths.map { "\(directory.path)/\($0)" }, split: "train")
    #expect(Set(dataset.images.map(\.imagePath)).count == dataset.images.count)
    return dataset.images.map(\.identifier)
  }

  @Test func `names that two roots have get the end of the root in front, others stay`() throws {
    let directory = try TemporaryDirectory()
    let (first, second) = (try folder("a", "b"), try folder("b", "c"))
    try place([(first, "VOC2007"), (second, "VOC2012"), (second, "day/data"), (second, "night/data")], in: directory)
    #expect(try identifiers(["VOC2007"], in: directory) == ["a", "b"])
    #expect(try identifiers(["VOC2007", "VOC2012"], in: directory) == ["a", "VOC2007/b", "VOC2012/b", "c"])
    #expect(
      try identifiers(["day/data", "night/data"], in: directory)
        == ["day/data/b", "day/data/c", "night/data/b", "night/data/c"])
  }

  @Test func `a root that is written in two ways is one`() throws {
    let directory = try TemporaryDirectory()
    try place([(try folder("a"), "x/data")], in: directory)
    try FileManager.default.createSymbolicLink(
      atPath: directory.path + "/link", withDestinationPath: directory.path + "/x/data")
    for other in ["x/data/", "x/../x/data", "link"] {
      let roots = ["x/data", other].map { "\(directory.path)/\($0)" }
      let dataset = try Dataset.pascalVOC(roots: roots, split: "train")
      #expect(dataset.images.map(\.identifier) == ["a"])
      #expect(
        dataset.warnings == [
          "\(roots[1]): this directory, which is also \(roots[0]), is listed twice under data.root with the split train, taken once"
        ])
    }
  }

  @Test func `a root that is listed twice is told in both formats and taken once`() throws {
    let (voc, coco) = (try folder("a"), try COCODirectory(annotations: [COCODirectory.annotation(1)]))
    try coco.write()
    for (format, root, split) in [(DatasetFormat.pascalVOC, voc.root, "train"), (.coco, coco.root, "train2017")] {
      let source = DatasetSource(root: root, split: split)
      let dataset = try Dataset(format, [source, source, source])
      #expect(dataset.images.count == (try Dataset(format, [source])).images.count)
      let line = "\(root): this directory is listed twice under data.root with the split \(split), taken once"
      #expect(dataset.warnings == [line, line])
    }
  }

  @Test func `another split of a listed root is none that is listed twice`() throws {
    let folder = try folder("a", "b")
    try folder.write(split: "train", "a")
    try folder.write(split: "val", "b")
    let dataset = try Dataset(
      .pascalVOC, ["train", "val"].map { DatasetSource(root: folder.root, split: $0) })
    #expect(dataset.images.map(\.identifier) == ["a", "b"] && dataset.warnings.isEmpty)
  }
}
