import Datasets
import Detection
import Foundation
import Testing

struct COCOGroundTruthFileTests {
  private func read(_ text: String) throws -> COCOGroundTruthFile {
    try COCOGroundTruthFile(Data(text.utf8), file: "truth.json")
  }

  private func text(images: String = "", categories: String = "", annotations: String = "") -> String {
    #"{"info": {"year": 2017}, "annotations": [\#(annotations)], "images": [\#(images)], "categories": [\#(categories)]}"#
  }

  @Test func `Images and categories are sorted, annotations keep their order`() throws {
    let file = try read(
      text(
        images: #"{"id": 9, "width": 5}, {"id": "b"}, {"id": 2}, {"file_name": "x", "id": "a"}"#,
        categories: #"{"id": 8, "name": "dog"}, {"id": 1, "name": "cat"}"#,
        annotations: """
          {"id": 5, "image_id": 9, "category_id": 8, "bbox": [1, 2, 3, 4], "area": 7.5, "iscrowd": 1},
          {"id": 1, "image_id": "b", "category_id": 1, "bbox": [1, 2, 3, 4], "ignore": 1, "segmentation": [[1, 2]]},
          {"image_id": 2, "category_id": 1, "bbox": [0, 0, 1, 1], "difficult": true, "ignore": 0, "iscrowd": 0}
          """))
    #expect(file.images == [.number(2), .number(9), .name("a"), .name("b")])
    #expect(file.categories.map(\.name) == ["cat", "dog"] && file.categories.map(\.identifier) == [1, 8])
    #expect(file.annotations.map(\.imageIndex) == [1, 3, 0] && file.annotations.map(\.label) == [2, 1, 1])
    #expect(file.annotations.map(\.identifier) == [5, 1, nil])
    #expect(file.annotations.map(\.area) == [7.5, 12, 1])
    #expect(file.annotations.map(\.isCrowd) == [true, false, false])
    #expect(file.annotations.map(\.isDifficult) == [false, true, true])
    #expect(file.annotations[0].box == COCOBox(x: 1, y: 2, width: 3, height: 4))
  }

  @Test func `Categories without a name of their own get one`() throws {
    let file = try read(text(categories: #"{"id": 4}, {"id": 2, "name": "x"}, {"id": 3, "name": "x"}"#))
    #expect(file.categories.map(\.name) == ["x (2)", "x (3)", "category 4"])
    // As Roboflow writes a group and its only class.
    let export = try read(
      text(
        images: Self.image, categories: #"{"id": 0, "name": "x"}, {"id": 1, "name": "x"}"#,
        annotations: #"{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}"#))
    #expect(export.categories.map(\.name) == ["x (0)", "x"])
  }

  private static let image = #"{"id": 1}"#

  @Test(arguments: [
    (#"{"image_id": 1, "category_id": 5, "bbox": [1, 2, 3, 4]}"#, "annotations[1]: there is no category 5"),
    (#"{"image_id": 1, "category_id": 1}"#, "annotations[1]: bbox is missing"),
    (#"{"category_id": 1, "bbox": [1, 2, 3, 4]}"#, "annotations[1]: image_id is missing"),
    (#"{"image_id": 1, "bbox": [1, 2, 3, 4]}"#, "annotations[1]: category_id is missing"),
    (#"{"area": "big"}"#, #"annotations[1].area: expected a number, found "big""#),
    (#"{"iscrowd": "some"}"#, #"annotations[1].iscrowd: expected 0 or 1, found "some""#),
    (#"{"iscrowd": 2}"#, "annotations[1].iscrowd: expected 0 or 1, found 2"),
  ])
  func `A fault of an annotation is named`(record: String, message: String) throws {
    let good = #"{"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}"#
    let text = text(images: Self.image, categories: #"{"id": 1, "name": "a"}"#, annotations: "\(good),\n\(record)")
    let error = try #require(throws: DatasetError.self) { try read(text) }
    #expect(error.description == "truth.json:2: \(message)")
  }

  @Test func `What a data set to evaluate on repairs is repaired alike, with the same warning`() throws {
    let folder = try COCODirectory(annotations: [
      COCODirectory.annotation(7), COCODirectory.annotation(7, box: "[3, 4, 10, 20]"),
      COCODirectory.annotation(8, box: "[30, 20, -10, 5]"), COCODirectory.annotation(9, image: 7, box: "[3, 4, 5, -1]"),
    ])
    let dataset = try folder.read()
    let file = try COCOGroundTruthFile(Data(folder.json.utf8), file: folder.path())
    #expect(file.warnings == dataset.warnings && file.warnings.count == 3, "\(file.warnings) \(dataset.warnings)")
    #expect(file.warnings[0].hasSuffix("annotations[1] (id 7): id: another object has the same"))
    #expect(file.warnings[1].hasSuffix("annotations[2] (id 8): box [30.0, 20.0, -10.0, 5.0] has no area, dropped"))
    #expect(file.annotations.count == 2 && dataset.images.flatMap(\.objects).count == 2)
  }

  @Test func `Other faults are named`() throws {
    func message(_ text: String) throws -> String {
      try #require(throws: DatasetError.self) { try read(text) }.description
    }
    #expect(try message(text(images: #"{"id": 1}, {"id": 1}"#)) == "truth.json:1: images[1]: the id 1 occurs twice")
    #expect(try message(text(images: "{}")) == "truth.json:1: images[0]: id is missing")
    #expect(
      try message(text(categories: #"{"id": 1}, {"id": 1}"#)) == "truth.json:1: categories[1]: the id 1 occurs twice")
    #expect(try message(#"{"images": [], "annotations": []}"#) == #"truth.json:1: there is no list "categories""#)
    #expect(try message("[]") == "truth.json:1: expected an object, found a list")
  }

  @Test func `What other programs write differently is read, and numbers as text are counted`() throws {
    let file = try read(
      text(
        images: #"{"id": "12"}, {"id": "x"}"#, categories: #"{"id": "3", "name": "cat"}"#,
        annotations: """
          {"image_id": 12, "category_id": "3", "bbox": ["1", "2.5", 3, "4e0"], "area": null, "iscrowd": true},
          {"id": null, "image_id": "12", "category_id": 3, "bbox": null, "segmentation": [[1, 2, 5, 2, 5, 9]], "iscrowd": null},
          {"image_id": "x", "category_id": 3, "bbox": [], "iscrowd": false, "segmentation": {"size": [4, 5], "counts": [5, 2, 13]}}
          """))
    #expect(file.images == [12, .name("x")])
    #expect(file.annotations.map(\.imageIndex) == [0, 0, 1])
    #expect(file.annotations.map(\.isCrowd) == [true, false, false])
    #expect(file.annotations.map(\.identifier) == [nil, nil, nil])
    #expect(file.annotations[0].box == COCOBox(x: 1, y: 2.5, width: 3, height: 4) && file.annotations[0].area == 12)
    #expect(file.annotations[1].box == COCOBox(x: 1, y: 2, width: 4, height: 7))
    #expect(file.annotations[2].box == COCOBox(x: 1, y: 1, width: 1, height: 2))
    #expect(file.numbersAsText == 7)
  }
}
