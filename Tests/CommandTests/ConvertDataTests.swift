import Datasets
import Detection
import Foundation
import TestSupport
import Testing

/// Data sets from one layout to another.
struct ConvertDataTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private struct Objects: Equatable {
    let size: [Int]
    let boxes: [PixelBox]
    let truth: [GroundTruth]
  }

  /// What training has of a split, by the names of the images.
  private func objects(_ format: DatasetFormat, _ root: String, _ split: String) throws -> [String: Objects] {
    let dataset = try Dataset(
      format, [DatasetSource(root: root, split: split)],
      classes: ["circle", "cross", "ring", "square", "star", "triangle"], mayLackClasses: true)
    return Dictionary(
      uniqueKeysWithValues: dataset.images.map { image in
        let name = URL(fileURLWithPath: image.imagePath).deletingPathExtension().lastPathComponent
        return (
          name,
          Objects(
            size: [image.width, image.height], boxes: image.objects.map(\.pixelBox),
            truth: image.objects.map(\.groundTruth))
        )
      })
  }

  private func convert(_ arguments: String...) throws -> MultiboxProcess.Outcome {
    try MultiboxProcess(["convert"] + arguments).wait()
  }

  @Test func `From layout to layout every object stays what it is`() throws {
    let (data, path) = (workspace.data, workspace.path)
    for file in ["train", "val", "test"] {
      // Nothing that YOLO has no place for.
      let list = try String(contentsOfFile: "\(data)/ImageSets/Main/\(file).txt", encoding: .utf8)
      #expect(!list.isEmpty)
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: data + "/Annotations") {
      let file = "\(data)/Annotations/\(name)"
      let text = try String(contentsOfFile: file, encoding: .utf8)
      try workspace.write(text.replacing("<difficult>1<", with: "<difficult>0<"), to: file)
    }
    try convert(data, path + "/yolo", "--to", "yolo").succeeded()
    try convert(path + "/yolo/data.yaml", path + "/coco", "--to", "coco").succeeded()
    let last = try convert(path + "/coco", path + "/voc", "--to", "voc").succeeded()
    for split in ["train", "val", "test"] {
      let expected = try objects(.pascalVOC, data, split)
      #expect(!expected.isEmpty)
      #expect(try objects(.yolo, path + "/yolo", split) == expected)
      #expect(try objects(.yolo, path + "/yolo", split + ".txt") == expected)
      #expect(try objects(.coco, path + "/coco", split) == expected)
      #expect(try objects(.pascalVOC, path + "/voc", split) == expected)
    }
    // What it prints is a configuration.
    try workspace.write(last.output + "model: {width_multiplier: 0.0625}\n", to: path + "/voc.yaml")
    try MultiboxProcess.run("doctor", path + "/voc.yaml").succeeded()
    // The images are the same files, not more.
    let image = try FileManager.default.contentsOfDirectory(atPath: path + "/voc/JPEGImages")[0]
    let links = try FileManager.default.attributesOfItem(atPath: path + "/voc/JPEGImages/" + image)[.referenceCount]
    #expect(links as? Int == 4)
  }

  @Test func `Splits and classes can be chosen, also of one COCO file`() throws {
    let path = workspace.path
    try convert(workspace.data, path + "/coco", "--to", "coco", "--split", "val", "test").succeeded()
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: path + "/coco/annotations").sorted() == [
        "instances_test.json", "instances_val.json",
      ])
    let outcome = try convert(
      path + "/coco/annotations/instances_val.json", path + "/yolo", "--to", "yolo", "--classes", "ring", "circle"
    ).ended(with: 0)
    #expect(
      outcome.output.contains("classes: [\"ring\", \"circle\"]") && outcome.output.contains("train_split: \"val.txt\""))
    let labels = try FileManager.default.contentsOfDirectory(atPath: path + "/yolo/labels").flatMap {
      try String(contentsOfFile: "\(path)/yolo/labels/\($0)", encoding: .utf8).split(separator: "\n").map { $0.first! }
    }
    #expect(Set(labels).isSubset(of: ["0", "1"]))
  }

  @Test(arguments: 1...8) func `Boxes of images that are shown turned are turned with them`(orientation: Int) throws {
    let path = workspace.path
    let image = "\(workspace.data)/JPEGImages/000001.jpg"
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: image)))
    let tiff: [UInt8] = [
      0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0,
    ]
    let content = Array("Exif\0\0".utf8) + tiff
    let turned = bytes[..<2] + [0xFF, 0xE1, 0, UInt8(content.count + 2)] + content + bytes[2...]
    try Data(turned).write(to: URL(fileURLWithPath: image))
    try workspace.write("000001\n", to: workspace.data + "/ImageSets/Main/one.txt")
    try convert(workspace.data, path + "/yolo", "--to", "yolo", "--split", "one").succeeded()
    let expected = try objects(.pascalVOC, workspace.data, "one")
    #expect(try objects(.yolo, path + "/yolo", "one.txt").mapValues(\.boxes) == expected.mapValues(\.boxes))
  }

  @Test func `Splits whose images have the same names stay apart`() throws {
    let path = workspace.path
    let names = ["train", "val"].map { part in
      (
        part,
        (try? String(contentsOfFile: "\(workspace.data)/ImageSets/Main/\(part).txt", encoding: .utf8))!.split(
          separator: "\n"
        ).first!
      )
    }
    for (part, name) in names {
      for directory in ["images", "labels"] {
        try FileManager.default.createDirectory(
          atPath: "\(path)/u/\(directory)/\(part)", withIntermediateDirectories: true)
      }
      try FileManager.default.copyItem(
        atPath: "\(workspace.data)/JPEGImages/\(name).jpg", toPath: "\(path)/u/images/\(part)/1.jpg")
      try workspace.write("0 0.5 0.5 0.25 0.25\n", to: "\(path)/u/labels/\(part)/1.txt")
    }
    try workspace.write("train: images/train\nval: images/val\nnames: [circle]\n", to: path + "/u/data.yaml")
    for format in ["voc", "coco", "yolo"] {
      let outcome = try convert(path + "/u", path + "/u-" + format, "--to", format).succeeded()
      #expect(
        outcome.messages.contains("train: 1 image, 1 object") && outcome.messages.contains("val: 1 image, 1 object"))
    }
    let roboflow = try convert(path + "/u", path + "/r", "--to", "coco", "--split", "images/train", "images/val")
      .succeeded()
    #expect(roboflow.output.contains("train_split: \"train\""), "\(roboflow.output)")
    try convert(path + "/u", path + "/twice", "--to", "coco", "--split", "train", "train").ended(with: 64)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: path).allSatisfy { !$0.contains("partial") && $0 != "twice" })
  }

  @Test func `What a layout has no place for is counted`() throws {
    let path = workspace.path
    try convert(workspace.data, path + "/coco", "--to", "coco", "--split", "test").succeeded()
    let file = path + "/coco/annotations/instances_test.json"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let first = try #require(text.firstRange(of: "\"iscrowd\":0"))
    try workspace.write(text.replacingCharacters(in: first, with: "\"iscrowd\":1"), to: file)
    let yolo = try convert(path + "/coco", path + "/yolo", "--to", "yolo").succeeded()
    #expect(yolo.messages.contains("yolo has no place for every crowd, left out: 1"), "\(yolo.messages)")
    let voc = try convert(path + "/coco", path + "/voc", "--to", "voc").succeeded()
    #expect(voc.messages.contains("voc has no place for every crowd, marked as difficult: 1"), "\(voc.messages)")
  }

  @Test func `What cannot be converted is named`() throws {
    let path = workspace.path
    try FileManager.default.createDirectory(atPath: path + "/empty", withIntermediateDirectories: true)
    for (arguments, code, text) in [
      ([workspace.data, path + "/a", "--to", "pascal"], 64, "--to"),
      ([workspace.data, path + "/a", "--from", "voc"], 64, "--from is for data sets"),
      ([workspace.data, path + "/a", "--to", "yolo", "--raw"], 64, "--raw is for FILE.onnx"),
      ([workspace.data, path + "/a", "--to", "yolo", "--split", "none"], 65, "the splits there are"),
      ([path + "/empty", path + "/a", "--to", "yolo"], 65, "no layout of Pascal VOC, COCO or YOLO"),
      ([path + "/none", path + "/a", "--to", "yolo"], 65, "no such file or directory"),
      ([workspace.data, workspace.data, "--to", "yolo"], 74, "is not empty"),
    ] as [([String], Int32, String)] {
      let outcome = try MultiboxProcess(["convert"] + arguments).wait().ended(with: code)
      #expect(outcome.messages.contains(text), "\(outcome.messages)")
    }
  }
}
