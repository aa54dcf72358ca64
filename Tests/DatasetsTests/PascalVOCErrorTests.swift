import Datasets
import Foundation
import TestSupport
import Testing

/// Every way in which a data set can be unusable is named with file and line.
@Suite struct PascalVOCErrorTests {
  /// A broken annotation and what the error must say about it.
  struct Broken: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let annotation: String
    let line: Int
    let object: String?
    let reason: String
  }

  private static let box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax><ymax>4</ymax></bndbox>"

  static let broken = [
    Broken(
      testDescription: "cut off", annotation: "<annotation>\n<object>\n<name>dog</name>\n<bndbox><xmin>1</xm", line: 4,
      object: nil, reason: "not well-formed XML inside <xmin>, perhaps cut off"),
    Broken(
      testDescription: "cut off between elements", annotation: "<annotation>\n<object>\n<name>dog</name>\n", line: 3,
      object: nil, reason: "not well-formed XML inside <object>, perhaps cut off"),
    Broken(
      testDescription: "mismatched tags", annotation: "<annotation>\n\n<object></name></annotation>", line: 3,
      object: nil, reason: "not well-formed XML inside <object>"),
    Broken(testDescription: "empty file", annotation: "", line: 1, object: nil, reason: "the file is empty"),
    Broken(
      testDescription: "another format", annotation: "\n<html></html>", line: 2, object: nil,
      reason: "not a Pascal VOC annotation: the root element is <html>"),
    Broken(
      testDescription: "unknown class",
      annotation:
        "<annotation>\n<object><name>dog</name>\(box)</object>\n<object>\n<name>cta</name>\(box)</object></annotation>",
      line: 4, object: "object 2", reason: "unknown class \"cta\"; the classes are aeroplane, bicycle, bird, "),
    Broken(
      testDescription: "no name", annotation: "<annotation>\n<object>\(box)</object></annotation>", line: 2,
      object: "object 1", reason: "no <name>"),
    Broken(
      testDescription: "empty name", annotation: "<annotation>\n<object><name/>\(box)</object></annotation>", line: 2,
      object: "object 1", reason: "no <name>"),
    Broken(
      testDescription: "no box", annotation: "<annotation>\n\n<object>\n<name>dog</name></object></annotation>",
      line: 3,
      object: "object 1 (dog)", reason: "no <bndbox>"),
    Broken(
      testDescription: "no box but a part with one",
      annotation: "<annotation>\n<object><name>dog</name><part><name>head</name>\(box)</part></object></annotation>",
      line: 2,
      object: "object 1 (dog)", reason: "no <bndbox>"),
    Broken(
      testDescription: "missing coordinate",
      annotation:
        "<annotation><object><name>dog</name>\n<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax></bndbox></object></annotation>",
      line: 2, object: "object 1 (dog)", reason: "<bndbox> has no <ymax>"),
    Broken(
      testDescription: "word for a number",
      annotation:
        "<annotation><object><name>dog</name><bndbox>\n<xmin>1</xmin>\n<ymin>one</ymin></bndbox></object></annotation>",
      line: 3, object: "object 1 (dog)", reason: "<ymin> is not a number: \"one\""),
    Broken(
      testDescription: "empty coordinate",
      annotation: "<annotation><object><name>dog</name><bndbox>\n<xmin/></bndbox></object></annotation>",
      line: 2, object: "object 1 (dog)", reason: "<xmin> is not a number: \"\""),
    Broken(
      testDescription: "coordinate that is no number",
      annotation: "<annotation><object><name>dog</name><bndbox>\n<xmin>nan</xmin></bndbox></object></annotation>",
      line: 2, object: "object 1 (dog)", reason: "<xmin> is not a number: \"nan\""),
    Broken(
      testDescription: "coordinate given twice",
      annotation:
        "<annotation><object><name>dog</name><bndbox><xmin>1</xmin>\n<xmin>2</xmin></bndbox></object></annotation>",
      line: 2, object: "object 1 (dog)", reason: "<bndbox> has more than one <xmin>"),
    Broken(
      testDescription: "malformed difficult mark",
      annotation: "<annotation><object><name>dog</name>\(box)\n<difficult>often</difficult></object></annotation>",
      line: 2, object: "object 1 (dog)", reason: "<difficult> is neither 1 nor 0: \"often\""),
    Broken(
      testDescription: "another size than the image",
      annotation: "<annotation>\n<size>\n<width>20</width><height>16</height></size></annotation>", line: 2,
      object: nil,
      reason: "the annotation states 20×16 pixels, the image has 10×8"),
    Broken(
      testDescription: "malformed size", annotation: "<annotation>\n<size>\n<width>x</width></size></annotation>",
      line: 3,
      object: nil, reason: "<width> is not a number: \"x\""),
  ]

  @Test(arguments: broken) func `a broken annotation is named with file and line`(_ broken: Broken) throws {
    let folder = try AnnotatedDirectory()
    try folder.write(only: "a", width: 10, height: 8, annotation: broken.annotation)
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.file == folder.annotationPath("a"))
    #expect(error.line == broken.line)
    #expect(error.object == broken.object)
    #expect(error.reason.hasPrefix(broken.reason), "\(error.reason)")
    let object = broken.object.map { "\($0): " } ?? ""
    #expect(error.description.hasPrefix("\(folder.annotationPath("a")):\(broken.line): \(object)\(broken.reason)"))
  }

  @Test func `a missing annotation or image is named with its image and its split`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(split: "train", "\nimage7\n")
    let first = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(
      first.description
        == "\(folder.splitPath("train")):2: image image7 has no annotation \(folder.annotationPath("image7")), and no file in JPEGImages"
    )
    try folder.write(annotation: "image7", "<annotation/>")
    let second = try #require(throws: DatasetError.self) { try folder.read() }
    #expect((second.file, second.line) == (folder.splitPath("train"), 2))
    #expect(second.reason.hasPrefix("image image7 has no file \(folder.root)/JPEGImages/image7.jpg"))
  }

  @Test func `objects inside another element are told once for a split`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 3)
    let object = "<object><name>dog</name>\(Self.box)<part><object>nose</object></part></object>"
    try folder.write(annotation: "image0", "<annotation>\n<objects>\n\(object)\n\(object)</objects></annotation>")
    try folder.write(annotation: "image2", "<annotation>\(object)<a><b>\(object)</b></a></annotation>")
    let dataset = try folder.read(classes: ["dog"])
    #expect(dataset.images.map(\.objects.count) == [0, 1, 1])
    #expect(
      dataset.warnings.filter { !$0.contains("state no size") } == [
        "\(folder.annotationPath("image0")):3: <object> is inside <objects>, left out: objects are expected directly in "
          + "<annotation> (and 2 more like it)"
      ])
  }

  @Test func `an image without a readable header is named`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(annotation: "a", "<annotation/>")
    try folder.write(split: "train", "a")
    try "not a picture".write(toFile: folder.imagePath("a"), atomically: true, encoding: .utf8)
    #expect(try #require(throws: DatasetError.self) { try folder.read() }.file == folder.imagePath("a"))
  }

  @Test func `a missing split is named with the splits that exist`() throws {
    let folder = try AnnotatedDirectory()
    let empty = try #require(throws: DatasetError.self) { try folder.read("val") }
    #expect(empty.reason.hasPrefix("no such split: \(folder.root)/ImageSets/Main holds no split at all; "))
    for split in ["trainval", "test", "dog_test", "cat_trainval"] { try folder.write(split: split, "a\n") }
    let error = try #require(throws: DatasetError.self) { try folder.read("val") }
    #expect(error.description == "\(folder.splitPath("val")): no such split; the splits there are test, trainval")
    let nowhere = try #require(throws: DatasetError.self) {
      try Dataset.pascalVOC(roots: ["/nonexistent"], split: "val")
    }
    #expect(nowhere.reason.hasPrefix("no such split: expected the layout of Pascal VOC (ImageSets/Main/SPLIT.txt, "))
    #expect(nowhere.reason.contains("found no directory /nonexistent; "))
  }

  @Test(arguments: [("a\nb c\n", 2), ("a 2\n", 1), ("a 1 1\n", 1)])
  func `a malformed line of a split is named`(text: String, line: Int) throws {
    let folder = try AnnotatedDirectory()
    try folder.write(only: "a", width: 4, height: 4, annotation: "<annotation/>")
    try folder.write(split: "train", text)
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect((error.file, error.line) == (folder.splitPath("train"), line))
    #expect(error.reason.hasPrefix("expected an image name"))
  }

  @Test func `a split without images and bad class lists are refused`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(split: "train", "\n\n")
    #expect(try #require(throws: DatasetError.self) { try folder.read() }.reason == "lists no image")

    try folder.write(only: "a", width: 4, height: 4, annotation: "<annotation/>")
    for classes in [[], ["dog", "cat", "dog"]] {
      #expect(throws: DatasetError.self) { try folder.read(classes: classes) }
    }
  }
}
