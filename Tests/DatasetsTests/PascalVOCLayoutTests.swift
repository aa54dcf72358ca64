import Datasets
import Foundation
import Images
import TestSupport
import Testing

/// What is said of directories that are not laid out as Pascal VOC has it. Commands in the message are run.
@Suite struct PascalVOCLayoutTests {
  /// A directory with files at the given paths; images and annotations have content.
  private func directory(_ files: String...) throws -> TemporaryDirectory { try directory(files) }

  private func directory(_ files: [String]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let object =
      "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></object>"
    let annotation = "<annotation><size><width>4</width><height>4</height></size>\(object)</annotation>"
    for (index, file) in files.enumerated() {
      let url = URL(fileURLWithPath: "\(directory.path)/\(file)")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      if file.hasSuffix(".jpg") {
        // No two are alike.
        let image = Image(width: 4, height: 4, pixels: Array(repeating: UInt8(20 * index), count: 48))
        try Data(image.jpeg(quality: 90)).write(to: url)
      } else {
        try Data((file.hasSuffix(".xml") ? annotation : "").utf8).write(to: url)
      }
    }
    return directory
  }

  private func message(_ root: String, split: String = "trainval") throws -> String {
    try #require(throws: DatasetError.self) { try Dataset.pascalVOC(roots: [root], split: split) }.description
  }

  /// Runs the command that a message ends with.
  private func run(_ message: String) throws {
    let command = try #require(message.firstMatch(of: #/ by: (.*)$/#)).output.1
    let program = "multibox() { '\(ChildProcess.multibox.path)' \"$@\"; }"
    try ChildProcess(URL(fileURLWithPath: "/bin/sh"), ["-c", "\(program); \(command)"]).wait().succeeded()
  }

  private func names(_ root: String, _ split: String) throws -> [String] {
    try Dataset.pascalVOC(roots: [root], split: split).images.map(\.identifier)
  }

  @Test func `a root one or two levels up or down is named`() throws {
    let directory = try directory(
      "VOCdevkit/VOC2007/ImageSets/Main/test.txt", "VOCdevkit/VOC2007/Annotations/a.xml",
      "VOCdevkit/VOC2007/JPEGImages/a.jpg")
    let root = directory.path + "/VOCdevkit/VOC2007"
    for path in ["", "/VOCdevkit", "/VOCdevkit/VOC2007/JPEGImages", "/VOCdevkit/VOC2007/ImageSets/Main"] {
      let message = try message(directory.path + path)
      #expect(message.contains("expected the layout of Pascal VOC (ImageSets/Main/SPLIT.txt, "), "\(message)")
      #expect(message.hasSuffix("; data.root is to be \(root)"), "\(message)")
    }
  }

  @Test func `directories of other names are listed, and the command makes the layout`() throws {
    let directory = try directory(
      "images/a.jpg", "images/b 1.jpg", "images/c.jpg", "images/d.jpg", "images/e.jpg", "annotations/a.xml",
      "annotations/b 1.xml", "annotations/c.xml", "annotations/d.xml", "annotations/e.xml", "README.md")
    let message = try message(directory.path)
    #expect(message.contains("found in \(directory.path): annotations/, images/, README.md; "), "\(message)")
    #expect(message.hasSuffix(" by: multibox split \(directory.path) --test 0.2"), "\(message)")
    try run(message)
    let (train, test) = (try names(directory.path, "trainval"), try names(directory.path, "test"))
    #expect(train.count == 4 && test.count == 1 && Set(train + test) == ["a", "b 1", "c", "d", "e"])
  }

  @Test func `images and annotations side by side become splits of the directories' names`() throws {
    let directory = try directory(
      "train/a.jpg", "train/a.xml", "train/b c.jpg", "train/b c.xml", "valid/d.jpg", "valid/d.xml", "README.txt")
    try run(try message(directory.path))
    let output = directory.path + "-voc"
    defer { try? FileManager.default.removeItem(atPath: output) }
    #expect(try names(output, "train") == ["train/a", "train/b c"])
    #expect(try names(output, "valid") == ["valid/d"])
  }

  @Test func `one directory with everything becomes the layout`() throws {
    let directory = try directory(
      "all/a.jpg", "all/a.xml", "all/b.jpg", "all/b.xml", "all/c.jpg", "all/c.xml", "all/d.jpg", "all/d.xml",
      "all/e.jpg", "all/e.xml")
    for root in ["all", ""] {
      try run(try message("\(directory.path)/\(root)"))
      let output = directory.path + "/all-voc"
      #expect(try names(output, "trainval").count == 4)
      #expect(try names(output, "test").count == 1)
      try FileManager.default.removeItem(atPath: output)
    }
  }

  @Test(arguments: [
    ("annotations/", ""), ("", "images/"), ("annotations/xmls/", "images/"), ("a/xml/", "a/images/"),
    ("ds/ds/annotations/", "ds/ds/images/"), ("annotations/all/", "images/all/"),
  ])
  func `images and annotations are found wherever they are`(annotations: String, images: String) throws {
    let stems = ["a", "b", "c", "d", "e"]
    let directory = try directory(stems.map { "\(annotations)\($0).xml" } + stems.map { "\(images)\($0).jpg" })
    let (root, output) = (directory.path, directory.path + "-voc")
    defer { try? FileManager.default.removeItem(atPath: output) }
    try run(try message(root))
    let made = annotations.isEmpty || images.isEmpty ? output : root
    #expect(try names(made, "trainval").count == 4)
    #expect(try names(made, "test").count == 1)
  }

  @Test func `parts with two directories each become splits of the parts' names`() throws {
    let directory = try directory(
      "train/images/a.jpg", "train/annotations/a.xml", "train/images/b.jpg", "train/annotations/b.xml",
      "test/images/c.jpg", "test/annotations/c.xml")
    try run(try message(directory.path))
    let output = directory.path + "-voc"
    defer { try? FileManager.default.removeItem(atPath: output) }
    #expect(try names(output, "train") == ["train/a", "train/b"])
    #expect(try names(output, "test") == ["test/c"])
  }

  @Test func `images and annotations that are not read are named`() throws {
    let bitmaps = try directory("annotations/a.xml", "annotations/b.xml", "images/a.bmp", "images/b.bmp")
    #expect(
      try message(bitmaps.path).hasSuffix(
        "; the images are BMP (images/a.bmp and 1 more), and only JPEG and PNG are read: convert them"))
    let whole = try directory("images/a.jpg", "images/b.jpg", "annotations.xml")
    try "<?xml version=\"1.0\"?><annotations><image/></annotations>".write(
      toFile: whole.path + "/annotations.xml", atomically: true, encoding: .utf8)
    #expect(
      try message(whole.path).contains("/annotations.xml: one XML file for all images, as CVAT writes, is not read"))
    let others = try directory("annotations/a.xml", "images/b.jpg")
    #expect(
      try message(others.path).hasSuffix(
        "none of 1 image (such as images/b.jpg) has the name of one of 1 annotation (such as annotations/a.xml)"))
  }

  @Test func `annotations and images without a list get lists`() throws {
    let directory = try directory(
      "Annotations/a.xml", "Annotations/b.xml", "JPEGImages/a.jpg", "JPEGImages/b.jpg")
    try run(try message(directory.path))
    #expect(try names(directory.path, "trainval").count == 1)
  }

  @Test func `a root that is not there, is a file, is empty or is COCO's is named`() throws {
    let directory = try directory("file.txt", "coco/annotations/instances_val2017.json", "coco/val2017/a.jpg")
    try FileManager.default.createDirectory(atPath: directory.path + "/empty", withIntermediateDirectories: true)
    for (path, text) in [
      ("none", "found no directory \(directory.path)/none; data.root is relative to "),
      ("file.txt", "found \(directory.path)/file.txt, which is no directory that can be read"),
      ("empty", "found an empty directory \(directory.path)/empty; no XML annotation is there"),
      ("coco", "this looks like COCO's layout: data.format: coco"),
    ] {
      let message = try message("\(directory.path)/\(path)")
      #expect(message.contains(text), "\(message)")
    }
  }

  /// As by `root: $DATA/` with nothing in DATA. /proc and /sys have hundreds of thousands of files.
  @Test func `the root of the file system is refused soon`() throws {
    let start = ContinuousClock.now
    #expect(try message("/").contains("expected the layout of Pascal VOC"))
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  @Test func `a directory that is missing beside the lists is named once`() throws {
    let directory = try directory("ImageSets/Main/trainval.txt", "Annotations/a.xml")
    try "a\nb\n".write(
      toFile: directory.path + "/ImageSets/Main/trainval.txt", atomically: true, encoding: .utf8)
    let source = DatasetSource(root: directory.path, split: "trainval")
    #expect(try message(directory.path).hasSuffix("; no image is there"))
    let dataset = try Dataset(.pascalVOC, [source], faults: .listAll)
    #expect(dataset.faults.counts == [.unreadableSplit: 1])
    #expect(
      dataset.warnings[0].hasPrefix("\(directory.path): has no directory JPEGImages: expected "), "\(dataset.warnings)")
  }

  @Test func `a command leaves the lists that are there`() throws {
    let directory = try directory(
      "ImageSets/Main/trainval.txt", "annots/a.xml", "annots/b.xml", "JPEGImages/a.jpg", "JPEGImages/b.jpg")
    try "b\n".write(
      toFile: directory.path + "/ImageSets/Main/trainval.txt", atomically: true, encoding: .utf8)
    let message = try message(directory.path)
    #expect(message.contains(": has no directory Annotations: "), "\(message)")
    try run(message)
    #expect(try names(directory.path, "trainval") == ["b"])
    // Annotations behind a link are surveyed too.
    let object =
      "<object><name>gnu</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></object>"
    try "<annotation>\(object)</annotation>".write(
      toFile: directory.path + "/annots/b.xml", atomically: true, encoding: .utf8)
    #expect(try self.message(directory.path).hasSuffix("for all that the data have, classes: [cat, gnu]"))
  }
}
