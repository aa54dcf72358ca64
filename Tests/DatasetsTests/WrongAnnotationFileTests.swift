import Datasets
import Foundation
import TestSupport
import Testing

/// Files that are given as annotations, lists or results and are something else are named for what they are.
@Suite struct WrongAnnotationFileTests {
  static let files: [(bytes: [UInt8], name: String)] = [
    (
      Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".utf8),
      "a git-lfs pointer, not the file itself: 'git lfs pull' in its repository fetches the file"
    ),
    (
      Array("<!DOCTYPE html>\n<html><body>404</body></html>".utf8),
      "an HTML page, as a download leaves that has gone wrong: download it again"
    ),
    (
      Array("<!DOCTYPE html><title>404</title>".utf8),
      "an HTML page, as a download leaves that has gone wrong: download it again"
    ),
    ([0x1F, 0x8B, 8, 0, 1, 2, 3, 4], "a gzip archive: unpack it"),
    ([0x50, 0x4B, 3, 4] + Array(repeating: 0, count: 26) + Array("a.json".utf8), "a zip archive: unpack it"),
    ([0xFF, 0xD8, 0xFF, 0xE0, 0, 16], "a JPEG image"),
  ]

  @Test(arguments: files) func `As COCO's annotations, for training and for scoring`(file: ([UInt8], String)) throws {
    let folder = try COCODirectory()
    try Data(file.0).write(to: URL(fileURLWithPath: folder.path()))
    let expected = "\(folder.path()): expected a JSON file of COCO, found \(file.1)"
    let source = DatasetSource(root: folder.root, split: "train2017")
    #expect(try #require(throws: DatasetError.self) { try Dataset(.coco, [source]) }.description == expected)
    #expect(
      try #require(throws: DatasetError.self) { try Dataset.categoryNames(ofCOCO: source) }.description == expected)
    let truth = try #require(throws: DatasetError.self) { try COCOGroundTruthFile(Data(file.0), file: folder.path()) }
    let found = try #require(throws: DatasetError.self) {
      try COCOResultsFile(Data(file.0), file: folder.path(), images: [:], labels: [:])
    }
    #expect(truth.description == expected && found.description == expected)
  }

  @Test(arguments: files) func `As an annotation of Pascal VOC, and as a list of images`(file: ([UInt8], String)) throws
  {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 1)
    try Data(file.0).write(to: URL(fileURLWithPath: folder.annotationPath("image0")))
    let annotation = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(
      annotation.description
        == "\(folder.annotationPath("image0")): expected an annotation of Pascal VOC (XML), found \(file.1)")
    try Data(file.0).write(to: URL(fileURLWithPath: folder.splitPath("train")))
    let list = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(list.description == "\(folder.splitPath("train")): expected a list of image names, found \(file.1)")
  }

  @Test func `Formats of annotations are told from one another`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 1)
    try folder.write(annotation: "image0", "{\"images\": []}")
    #expect(try #require(throws: DatasetError.self) { try folder.read() }.reason.hasSuffix("(XML), found a JSON file"))
    try folder.write(annotation: "image0", "0 0.5 0.5 0.1 0.1\n")
    #expect(try #require(throws: DatasetError.self) { try folder.read() }.reason.hasSuffix("(XML), found a text file"))
    try folder.write(split: "train", "[\"image0\"]")
    let list = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(list.reason == "expected a list of image names, found a JSON file")
    // A name may begin like that.
    try folder.write(split: "train", "[1] image\n{a}\n")
    #expect(
      try #require(throws: DatasetError.self) { try folder.read() }.reason.contains("images, with their annotations"))

    let coco = try COCODirectory()
    func error(_ text: String) throws -> String {
      try coco.write(text)
      let source = DatasetSource(root: coco.root, split: "train2017")
      return try #require(throws: DatasetError.self) { try Dataset(.coco, [source]) }.description
    }
    #expect(try error("<annotation/>") == "\(coco.path()): expected a JSON file of COCO, found an XML file")
    #expect(try error("images: []\n") == "\(coco.path()): expected a JSON file of COCO, found a text file")
    #expect(try error("") == "\(coco.path()): the file is empty")
    #expect(
      try error("[]")
        == "\(coco.path()): a list, where a JSON file of COCO has an object with \"images\", \"annotations\" and \"categories\": another program's annotations, as CreateML's, or detections"
    )
  }

  @Test func `A directory in the place of a file is named`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 1)
    for path in [folder.annotationPath("image0"), folder.splitPath("train")] {
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      let error = try #require(throws: DatasetError.self) { try folder.read() }
      #expect(error.file == path && error.reason.hasPrefix("is a directory, a"), "\(error)")
    }
    let coco = try COCODirectory()
    try FileManager.default.createDirectory(atPath: coco.path(), withIntermediateDirectories: true)
    let source = DatasetSource(root: coco.root, split: "train2017")
    #expect(
      try #require(throws: DatasetError.self) { try Dataset(.coco, [source]) }.description
        == "\(coco.path()): is a directory, a JSON file of COCO is expected")
  }

  @Test(arguments: [String.Encoding.utf8, .utf16LittleEndian, .utf16BigEndian], [true, false])
  func `JSON may be in UTF-8 or UTF-16`(encoding: String.Encoding, hasMark: Bool) throws {
    let folder = try COCODirectory(annotations: [COCODirectory.annotation(1)])
    let text = (hasMark ? "\u{FEFF}" : "") + folder.json.replacing("zebra", with: "Tür")
    let bytes = try #require(text.data(using: encoding))
    try bytes.write(to: URL(fileURLWithPath: folder.path()))
    let dataset = try Dataset(.coco, [DatasetSource(root: folder.root, split: "train2017")])
    #expect(dataset.classNames == ["cat", "dog", "Tür"] && dataset.images[1].objects.count == 1)
    let truth = try COCOGroundTruthFile(bytes, file: "a")
    #expect(truth.categories.map(\.name) == ["cat", "dog", "Tür"] && truth.annotations.count == 1)
    let results =
      (hasMark ? "\u{FEFF}" : "") + #"[{"image_id": "ü", "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}]"#
    let found = try COCOResultsFile(
      try #require(results.data(using: encoding)), file: "a", images: [.name("ü"): 4], labels: [1: 1])
    #expect(found.detections.map(\.imageIndex) == [4])
  }

  @Test func `JSON in other wide texts is named`() throws {
    for (bytes, reason) in [
      ([0xFF, 0xFE, 0, 0, 0x7B, 0, 0, 0], "text in UTF-32, which is not read: save the file in UTF-8"),
      ([0xFF, 0xFE, 0x7B], "UTF-16 text that is cut off"),
    ] as [([UInt8], String)] {
      #expect(throws: DatasetError(file: "a", reason: reason)) { try COCOGroundTruthFile(Data(bytes), file: "a") }
    }
  }
}
