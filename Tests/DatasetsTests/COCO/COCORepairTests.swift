import Datasets
import Detection
import Foundation
import Testing

/// What other programs than COCO's write, and what is used in its place.
@Suite struct COCORepairTests {
  private func warning(_ folder: COCODirectory, _ line: Int, _ message: String) -> String {
    "\(folder.path()):\(line): \(message)"
  }

  @Test(arguments: [
    #""width": -1, "height": -1"#, #""width": 0, "height": 0"#, #""width": null, "height": null"#, #""license": 1"#,
    #""width": 40"#, #""width": "0", "height": 30"#, #""width": "", "height": """#, #""width": " ", "height": 30"#,
  ])
  func `A size that is not stated is the image's, with one warning for a file`(size: String) throws {
    let folder = try COCODirectory(annotations: [COCODirectory.annotation(1)], images: ["a.png", "b.png", "c.png"])
    folder["images"] =
      "["
      + ["a", "b", "c"].enumerated().map { #"{"id": \#($0 + 3), "file_name": "\#($1).png", \#(size)}"# }
      .joined(separator: ",\n") + "]"
    let dataset = try folder.read()
    #expect(dataset.images.allSatisfy { ($0.width, $0.height) == (40, 30) })
    #expect(dataset.images[0].objects.map(\.pixelBox) == [PixelBox(xMin: 1, yMin: 2, xMax: 11, yMax: 22)])
    let text = size.contains("\"0\"") ? 1 : 0
    #expect(dataset.warnings.count == 1 + text)
    #expect(
      dataset.warnings.contains(
        warning(
          folder, 2, "images[0] (id 3): states no width or height, the image file's are used (and 2 more like it)")))
    #expect(dataset.faults.counts[.unstatedSize] == 1 && !dataset.faults.hasErrors)
  }

  @Test func `Numbers written as text are numbers, with one warning for a file`() throws {
    let folder = try COCODirectory(annotations: [
      #"{"id": "4", "image_id": "3", "category_id": "5", "bbox": ["1", "2.5", " 10 ", "2e1"], "area": "200", "iscrowd": "0"}"#,
      COCODirectory.annotation(5, image: 3),
    ])
    folder["images"] = #"[{"id": "3", "file_name": "a.png", "width": "40", "height": "30"}]"#
    folder["categories"] = #"[{"id": "5", "name": "dog"}]"#
    let dataset = try folder.read()
    let objects = dataset.images[0].objects
    #expect(objects.map(\.pixelBox.yMin) == [2.5, 2] && objects[0].pixelBox.xMax == 11 && objects[0].area == 200)
    #expect(dataset.cocoIdentifiers?.images == [3])
    #expect(dataset.cocoIdentifiers?.categories == [5])
    #expect(
      dataset.warnings == [
        warning(folder, 4 + 1, "categories[0]: has a number written as text, used as a number"),
        warning(folder, 2, "images[0]: has a number written as text, used as a number (and 11 more like it)"),
      ])
  }

  @Test(arguments: [#""12,5""#, #""""#, #""0x10""#, #""nan""#, #""1e999""#, #""1 2""#, "true", "{}"])
  func `Text that is no number is an error`(text: String) throws {
    let folder = try COCODirectory(annotations: [COCODirectory.annotation(5, box: "[1, \(text), 3, 4]")])
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.description.contains("annotations[0] (id 5): bbox[1]: expected a number, found"), "\(error)")
  }

  @Test func `Images may have names in place of numbers`() throws {
    let folder = try COCODirectory(annotations: [#"{"image_id": "u-7", "category_id": 5, "bbox": [1, 2, 3, 4]}"#])
    folder["images"] = #"[{"id": "u-7", "file_name": "a.png", "width": 40, "height": 30}]"#
    let dataset = try folder.read()
    #expect(dataset.images[0].objects.count == 1 && dataset.warnings.isEmpty)
    #expect(dataset.cocoIdentifiers?.images == [.name("u-7")])
  }

  @Test(
    arguments: [
      ("true", true), ("false", false), ("null", false), ("1", true), ("0", false), (#""1""#, true), (#""0""#, false),
    ] + ["", " ", "false", "False", "Unspecified", "no", "None", "null"].map { ("\"\($0)\"", false) }
      + ["true", "TRUE", "Yes"].map { ("\"\($0)\"", true) })
  func `A mark is true or false, 1 or 0, or a word for it`(text: String, isSet: Bool) throws {
    let folder = try COCODirectory(annotations: [
      COCODirectory.annotation(1, more: ", \"iscrowd\": \(text)"),
      COCODirectory.annotation(2, more: ", \"ignore\": \(text)"),
      COCODirectory.annotation(3, more: ", \"difficult\": \(text)"),
    ])
    let objects = try folder.read().images[1].objects
    #expect(objects.map(\.isCrowd) == [isSet, false, false])
    #expect(objects.map(\.groundTruth.isDifficult) == [false, isSet, isSet])
    // Scoring reads the same.
    let truth = try COCOGroundTruthFile(Data(folder.json.utf8), file: "a").annotations
    #expect(truth.map(\.isCrowd) == [isSet, false, false] && truth.map(\.isDifficult) == [false, isSet, isSet])
  }

  @Test(arguments: [#""often""#, "2", "-1", "[]", #""2""#])
  func `Another mark is an error`(text: String) throws {
    let folder = try COCODirectory(annotations: [COCODirectory.annotation(1, more: ", \"iscrowd\": \(text)")])
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.reason.hasPrefix("iscrowd: expected 0 or 1, found "), "\(error)")
  }

  @Test(arguments: [
    #""0b5c1f9e-6a0d-4d6e-9f57-1b2f0c3d4e5f""#, "123456789012345678901234567890", #""123456789012345678901""#,
    "1180591620717411303424", "-99999999999999999999", "1.5", #""""#, "null",
  ])
  func `Nothing refers to the number of an object, so it may be anything`(identifier: String) throws {
    let record = #"{"id": \#(identifier), "image_id": 3, "category_id": 5, "bbox": [1, 2, 3, 4]}"#
    let folder = try COCODirectory(annotations: [record, COCODirectory.annotation(7)])
    let dataset = try folder.read()
    #expect(dataset.images[1].objects.map(\.isNumberedZero) == [false, false] && dataset.warnings.isEmpty)
    #expect(try COCOGroundTruthFile(Data(folder.json.utf8), file: "a").annotations.count == 2)
    // One that is there twice is told, with its value.
    if [#""""#, "null"].contains(identifier) { return }
    folder["annotations"] = "[\(record), \(record)]"
    #expect(try folder.read().faults.counts == [.repeatedObject: 1])
    let file = try COCOGroundTruthFile(Data(folder.json.utf8), file: "a")
    #expect(file.warnings.count == 1 && file.warnings[0].hasSuffix("id: another object has the same"))
  }

  @Test func `The same number written otherwise is the same`() throws {
    let ids = ["0", #""0""#, "0.0"].map { #"{"id": \#($0), "image_id": 3, "category_id": 5, "bbox": [1, 2, 3, 4]}"# }
    let dataset = try COCODirectory(annotations: ids).read()
    #expect(dataset.images[1].objects.map(\.isNumberedZero) == [true, true, true])
    #expect(dataset.faults.counts == [.repeatedObject: 2, .numberAsText: 1])
  }

  @Test func `Objects need no number of their own, and only the number 0 is marked`() throws {
    let record = #"{"image_id": 3, "category_id": 5, "bbox": [1, 2, 3, 4]}"#
    let folder = try COCODirectory(annotations: [
      record, record, #"{"id": null, "image_id": 3, "category_id": 5, "bbox": [1, 2, 3, 4]}"#,
      COCODirectory.annotation(0), COCODirectory.annotation(1),
    ])
    let dataset = try folder.read()
    #expect(dataset.images[1].objects.map(\.isNumberedZero) == [false, false, false, true, false])
    #expect(dataset.warnings.isEmpty)
  }

  /// An outline, and the box around it.
  static let outlines: [(String, [Double])] = [
    ("[[2, 3, 12.5, 3, 12.5, 9, 2, 9]]", [2, 3, 10.5, 6]),
    ("[[2, 3, 4, 3, 4, 5], [20, 1, 22, 1, 22, 2.5]]", [2, 1, 20, 4]),
    ("[2, 3, 12, 3, 12, 9]", [2, 3, 10, 6]),
    (#"{"size": [30, 40], "counts": [62, 3, 27, 3, 1105]}"#, [2, 2, 2, 3]),
    // A run from one column into the next.
    (#"{"size": [30, 40], "counts": [62, 30, 1108]}"#, [2, 0, 2, 30]),
    // By encode() of pycocotools 2.0.11, with the boxes of its toBbox(): a small rectangle, and one with specks around.
    (#"{"size": [30, 40], "counts": "n13k00fQ1"}"#, [2, 2, 2, 3]),
    (
      #"{"size": [30, 40], "counts": "l6c0;00000000000000000000000I^O2b050000000000000000001OO10Z5^OXK"}"#,
      [7, 0, 33, 30]
    ),
  ]

  @Test(arguments: outlines, [#""bbox": null, "#, #""bbox": [], "#, ""])
  func `An object without a box has the one around its outline`(outline: (String, [Double]), box: String) throws {
    let record = #"{"id": 8, \#(box)"segmentation": \#(outline.0), "image_id": 3, "category_id": 5}"#
    let folder = try COCODirectory(annotations: [record, COCODirectory.annotation(9)])
    let dataset = try folder.read()
    let expected = PixelBox(
      xMin: outline.1[0], yMin: outline.1[1], xMax: outline.1[0] + outline.1[2], yMax: outline.1[1] + outline.1[3])
    #expect(dataset.images[1].objects[0].pixelBox == expected)
    #expect(
      dataset.warnings == [
        warning(folder, 3, "annotations[0] (id 8): has no bbox, the one around segmentation is used")
      ])
  }

  @Test func `An outline is not looked at beside a box`() throws {
    for outline in ["null", "[]", #"{"size": [1], "counts": "?"}"#, "7"] {
      let record = #"{"id": 8, "bbox": [1, 2, 3, 4], "segmentation": \#(outline), "image_id": 3, "category_id": 5}"#
      #expect(try COCODirectory(annotations: [record]).read().images[1].objects.count == 1)
    }
  }

  @Test(arguments: [
    ("[]", "bbox is missing, and segmentation has no outline"),
    ("null", "bbox is missing, and segmentation has no outline"),
    ("[[1, 2, 3, 4]]", "bbox is missing, and segmentation has no outline"),
    (#"{"size": [30, 40], "counts": [1200]}"#, "bbox is missing, and segmentation has no outline"),
    (
      #"{"size": [30, 40], "counts": [7, 3]}"#,
      "segmentation: counts: the runs are not those of 30 rows and 40 columns"
    ),
    (
      #"{"size": [30, 40], "counts": [-3, 1203]}"#,
      "segmentation: counts: the runs are not those of 30 rows and 40 columns"
    ),
    (#"{"size": [30], "counts": [7, 3]}"#, "segmentation: size: expected height and width, found [30]"),
    (#"{"size": [30, 40], "counts": "\u0001"}"#, "segmentation.counts: is no run-length encoded mask"),
    (#"[[1, "x", 3, 4]]"#, "segmentation[0][1]: expected a number, found \"x\""),
  ])
  func `An outline that gives no box is named`(outline: String, message: String) throws {
    let record = #"{"id": 8, "segmentation": \#(outline), "image_id": 3, "category_id": 5}"#
    let folder = try COCODirectory(annotations: [record])
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.description == warning(folder, 3, "annotations[0] (id 8): \(message)"))
  }
}
