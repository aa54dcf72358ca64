import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

/// Boxes that are fractions of the image, in data that should have pixels.
@Suite struct FractionTests {
  private static let fractions = ["[0.1, 0.2, 0.5, 0.6]", "[0, 0, 1, 1]", "[0.25, 0.5, 0.25, 0.5]"]

  private func folder(_ boxes: [String]) throws -> COCODirectory {
    try COCODirectory(annotations: boxes.enumerated().map { COCODirectory.annotation($0 + 1, box: $1) })
  }

  @Test func `Boxes of a COCO file that look like fractions are an error`() throws {
    let folder = try folder(Self.fractions)
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(
      error.description
        == "\(folder.path()):3: annotations[0] (id 1): box [0.1, 0.2, 0.5, 0.6] of an image of 40×30 pixels lies between 0 "
        + "and 1, like 3 of all 3 boxes: they look like fractions of the image; boxes must be in pixels: multiply "
        + "horizontal numbers by the image's width, vertical ones by its height")
    #expect(try folder.read(faults: .listAll).faults.counts == [.fractionBoxes: 1])
  }

  @Test(arguments: [
    // Centres, as YOLO has them.
    (["[0.9, 0.2, 0.5, 0.6]", "[0.8, 0.9, 0.5, 0.6]"], "like 2 of all 2 boxes"),
    // The whole image, in whole numbers.
    (["[0, 0, 1, 1]"], "as the only one of 1 box"), (["[0, 0, 1, 1]", "[0, 0, 1, 1]"], "like 2 of all 2 boxes"),
    (["[0.1, 0.2, 0.5, 0.6]", "[3, 4, 9, 8]", "[0, 0, 1, 1]", "[3, 4, 9, 8]"], "like 2 of all 4 boxes"),
    // A box without area tells nothing.
    (
      ["[0.1, 0.2, 0.5, 0.6]", "[3, 4, 9, 8]", "[0, 0, 0, 0]", "[5, 5, 0, 9]", "[5, 5, 7, 0]"],
      "as the only one of 2 boxes"
    ),
  ])
  func `Half of the boxes are enough, whatever the fractions, also of other classes`(
    boxes: [String], share: String
  )
    throws
  {
    for classes in [nil, ["cat"]] {
      let error = try #require(throws: DatasetError.self) { try folder(boxes).read(classes: classes) }
      #expect(error.reason.contains("\(share): they look like fractions of the image"), "\(error)")
    }
  }

  @Test func `Fewer are a warning with their number and the first`() throws {
    let pixels = Array(repeating: "[3, 4, 9, 8]", count: 3)
    let folder = try folder(pixels + Self.fractions.prefix(2))
    let dataset = try folder.read()
    #expect(dataset.images.flatMap(\.objects).count == 5)
    #expect(
      dataset.warnings == [
        "\(folder.path()):6: annotations[3] (id 4): box [0.1, 0.2, 0.5, 0.6] of an image of 40×30 pixels lies between 0 and "
          + "1, like 2 of all 5 boxes; if they are fractions of the image, boxes must be in pixels: multiply horizontal "
          + "numbers by the image's width, vertical ones by its height"
      ])
    #expect(try folder.read(faults: .listAll).faults.counts == [.fewFractionBoxes: 1])
    let single = try self.folder(pixels + Self.fractions.prefix(1)).read()
    #expect(single.warnings.count == 1 && single.warnings[0].contains("as the only one of 4 boxes; if they"))
  }

  @Test(arguments: [
    // Below a pixel, but not at the corner.
    ["[7.2, 8.1, 0.5, 0.5]"], ["[0.2, 8.1, 0.5, 0.5]"], [],
  ])
  func `Small boxes elsewhere are no fault`(boxes: [String]) throws {
    #expect(try folder(boxes).read().warnings.isEmpty)
  }

  @Test func `Images of a few pixels tell nothing`() throws {
    let folder = try COCODirectory(
      annotations: [COCODirectory.annotation(1, image: 7, box: "[0.1, 0.2, 0.5, 0.6]")], images: [])
    folder["images"] = "[\(COCODirectory.image(7, "b.png", width: 4, height: 4))]"
    try folder.write(image: "b.png", width: 4, height: 4)
    #expect(try folder.read().images[0].objects.count == 1)
  }

  private func annotation(_ boxes: [[Double]]) -> String {
    let objects = boxes.map { box in
      "<object><name>dog</name><bndbox><xmin>\(box[0])</xmin><ymin>\(box[1])</ymin><xmax>\(box[2])</xmax>"
        + "<ymax>\(box[3])</ymax></bndbox></object>"
    }
    return "<annotation>\n\(objects.joined(separator: "\n"))\n</annotation>"
  }

  @Test func `Boxes of a Pascal VOC split that look like fractions are an error`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 2)
    try folder.write(annotation: "image0", annotation([[0.1, 0.2, 0.5, 0.6], [0, 0, 1, 1]]))
    try folder.write(annotation: "image1", annotation([[0.3, 0.2, 0.5, 0.6]]))
    let error = try #require(throws: DatasetError.self) { try folder.read(classes: ["dog"]) }
    #expect(
      error.description.hasPrefix(
        "\(folder.annotationPath("image0")):2: object 1 (dog): box [0.1, 0.2, 0.5, 0.6] of an image of 40×30 pixels lies "
          + "between 0 and 1, like 3 of all 3 boxes: they look like fractions"), "\(error)")
    // A few such boxes among others are a warning.
    try folder.write(annotation: "image1", annotation([[3, 2, 5, 6], [3, 2, 5, 6], [1, 1, 1, 1], [3, 2, 5, 6]]))
    let dataset = try folder.read(classes: ["dog"])
    #expect(dataset.images.map(\.objects.count) == [2, 3])
    #expect(dataset.warnings.contains { $0.contains("like 2 of all 5 boxes; if they are fractions") })
    // The whole image is (0, 0, 1, 1).
    for image in ["image0", "image1"] { try folder.write(annotation: image, annotation([[0, 0, 1, 1]])) }
    #expect(
      try #require(throws: DatasetError.self) { try folder.read(classes: ["dog"]) }.reason.contains("2 of all 2 boxes"))
  }
}
