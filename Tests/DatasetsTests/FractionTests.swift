import Datasets
import Foundation
import Testing

/// Boxes that are fractions of the image, in data that should have pixels.
@Suite struct FractionTests {
  private static let fractions = ["[0.1, 0.2, 0.5, 0.6]", "[0, 0, 1, 1]", "[0.25, 0.5, 0.25, 0.5]"]

  private func folder(_ boxes: [String]) throws -> COCOFolder {
    try COCOFolder(annotations: boxes.enumerated().map { COCOFolder.annotation($0 + 1, box: $1) })
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

  @Test func `Nearly all boxes are enough, also those of other classes`() throws {
    let boxes = Array(repeating: Self.fractions[0], count: 19)
    let folder = try folder(boxes + ["[0.9, 0.2, 0.5, 0.6]"])
    #expect(
      try #require(throws: DatasetError.self) { try folder.read(classes: ["cat"]) }.reason.contains("19 of all 20"))
  }

  @Test(arguments: [
    // A few boxes below a pixel among others.
    ["[0.1, 0.2, 0.5, 0.6]", "[0.2, 0.2, 0.5, 0.6]", "[10, 10, 5, 5]"],
    // The pixel in the corner.
    ["[0, 0, 1, 1]"], ["[0, 0, 1, 1]", "[0, 0, 1, 1]"],
    // Below a pixel, but not at the corner.
    ["[7.2, 8.1, 0.5, 0.5]"], [],
  ])
  func `Small boxes alone are no fault`(boxes: [String]) throws {
    #expect(!(try folder(boxes).read(faults: .listAll).faults.hasErrors))
  }

  @Test func `Images of a few pixels tell nothing`() throws {
    let folder = try COCOFolder(
      annotations: [COCOFolder.annotation(1, image: 7, box: "[0.1, 0.2, 0.5, 0.6]")], images: [])
    folder["images"] = "[\(COCOFolder.image(7, "b.png", width: 4, height: 4))]"
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
    let folder = try AnnotatedFolder()
    try folder.writeImages(count: 2)
    try folder.write(annotation: "image0", annotation([[0.1, 0.2, 0.5, 0.6], [0, 0, 1, 1]]))
    try folder.write(annotation: "image1", annotation([[0.3, 0.2, 0.5, 0.6]]))
    let error = try #require(throws: DatasetError.self) { try folder.read(classes: ["dog"]) }
    #expect(
      error.description.hasPrefix(
        "\(folder.annotationPath("image0")):2: object 1 (dog): box (0.1, 0.2, 0.5, 0.6) of an image of 40×30 pixels lies "
          + "between 0 and 1, like 3 of all 3 boxes: they look like fractions"), "\(error)")
    // A few such boxes among others are legal.
    try folder.write(annotation: "image1", annotation([[3, 2, 5, 6], [3, 2, 5, 6]]))
    #expect(try folder.read(classes: ["dog"]).images.map(\.objects.count) == [2, 2])
  }
}
