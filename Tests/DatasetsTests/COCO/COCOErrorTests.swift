import Datasets
import Foundation
import Testing

/// Every way in which a COCO file can be unusable is named with file, line, record and key.
@Suite struct COCOErrorTests {
  /// A section with a fault and what the error must say about it.
  struct Broken: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let section: String
    let text: String?
    /// Behind the path of the file.
    let message: String

    init(_ description: String, _ section: String, _ text: String?, _ message: String) {
      (testDescription, self.section, self.text, self.message) = (description, section, text, message)
    }

    static func annotation(_ description: String, _ record: String, _ message: String) -> Broken {
      // The third line of the section, which begins on the third line of the file.
      let records = [COCODirectory.annotation(90), COCODirectory.annotation(91), record]
      return Broken(
        description, "annotations", "[\(records.joined(separator: ",\n"))]", ":5: annotations[2]\(message)")
    }
  }

  static let broken: [Broken] = [
    .annotation("no box", #"{"id": 5, "image_id": 3, "category_id": 5}"#, " (id 5): bbox is missing"),
    .annotation("no image", #"{"category_id": 5, "bbox": [1, 2, 3, 4]}"#, ": image_id is missing"),
    .annotation("no category", #"{"id": 5, "image_id": 3, "bbox": [1, 2, 3, 4]}"#, " (id 5): category_id is missing"),
    .annotation(
      "a box of three numbers", COCODirectory.annotation(5, box: "[1, 2, 3]"),
      " (id 5): bbox: expected 4 numbers, found [1.0, 2.0, 3.0]"),
    .annotation(
      "a box with a word", COCODirectory.annotation(5, box: "[1, 2, \"x\", 4]"),
      " (id 5): bbox[2]: expected a number, found \"x\""),
    .annotation(
      "a box that is null", COCODirectory.annotation(5, box: "null"),
      " (id 5): bbox: expected a list, found null, and segmentation has no outline"),
    .annotation(
      "a box that is a text", COCODirectory.annotation(5, box: "\"1 2 3 4\""),
      " (id 5): bbox: expected a list, found \"1 2 3 4\""),
    .annotation(
      "a number that is none", COCODirectory.annotation(5, box: "[NaN, 2, 3, 4]"),
      " (id 5): bbox[0]: expected a number, found NaN"),
    .annotation(
      "a number that is too large", COCODirectory.annotation(5, box: "[1, 2, 1e999, 4]"),
      " (id 5): bbox[2]: 1e999 is too large for a number"),
    .annotation(
      "an image number that is not whole",
      #"{"id": 5, "iscrowd": null, "image_id": 3.5, "category_id": 5, "bbox": [1, 2, 3, 4]}"#,
      " (id 5): image_id: expected a whole number, found 3.5"),
    .annotation(
      "an unknown category", COCODirectory.annotation(5, category: 1),
      " (id 5): category_id: 1 is no category of the file"),
    .annotation(
      "the background as category", COCODirectory.annotation(5, category: 0),
      " (id 5): category_id: 0 is no category of the file"),
    .annotation(
      "a mark that is no mark", COCODirectory.annotation(5, more: ", \"iscrowd\": 2"),
      " (id 5): iscrowd: expected 0 or 1, found 2"),
    .annotation("no record", "17", ": expected an object, found 17"),
    Broken(
      "an image without a number", "images", #"[{"file_name": "a.png", "width": 40, "height": 30}]"#,
      ":2: images[0]: id is missing"),
    Broken(
      "an image without a name", "images", #"[{"id": 3, "width": 40, "height": 30}]"#,
      ":2: images[0] (id 3): file_name is missing"),
    Broken(
      "a width that is no number", "images", #"[{"id": 3, "file_name": "a.png", "width": "wide", "height": 30}]"#,
      ":2: images[0] (id 3): width: expected a whole number, found \"wide\""),
    Broken(
      "an image of another size", "images", "[\(COCODirectory.image(3, "a.png", width: 30, height: 40))]",
      ":2: images[0] (id 3): the annotation states 30×40 pixels, the image has 40×30"),
    Broken(
      "an image number that is there twice", "images",
      "[\(COCODirectory.image(3, "a.png")),\n\(COCODirectory.image(3, "b.png"))]",
      ":3: images[1] (id 3): id: another image has the same"),
    Broken(
      "an image that is there twice", "images",
      "[\(COCODirectory.image(3, "a.png")),\n\(COCODirectory.image(4, "a.png"))]",
      ":3: images[1] (id 4): file_name: another image has the same"),
    Broken(
      "an image without a path", "images", "[\(COCODirectory.image(3, ""))]",
      ":2: images[0] (id 3): file_name: expected the path of an image, found \"\""),
    Broken(
      "one file for two images", "images",
      "[\(COCODirectory.image(3, "a.png")),\n\(COCODirectory.image(4, "../a.png"))]",
      ":3: images[1] (id 4): file_name: \"../a.png\" and \"a.png\" are both found as "),
    Broken("no image", "images", "[]", ": lists no image"),
    Broken("no annotations", "annotations", nil, ": has no \"annotations\"; the keys are categories, images, info"),
    Broken(
      "annotations that are no list", "annotations", "{}",
      ":3: \"annotations\": expected a list of records, found an object"),
    Broken(
      "a category that is there twice", "categories", #"[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]"#,
      ":4: categories[1] (id 1): id: \"a\" has the same"),
    Broken(
      "a category without a name", "categories", #"[{"id": 1, "name": null}]"#,
      ":4: categories[0] (id 1): name is missing"),
    Broken("no category", "categories", "[]", ": class list []: no class"),
  ]

  @Test(arguments: broken) func `a broken file is named with line, record and key`(_ broken: Broken) throws {
    let folder = try COCODirectory()
    folder[broken.section] = broken.text
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.description.hasPrefix(folder.path() + broken.message), "\(error)")
    // Listing all faults finds the same one.
    let all = try folder.read(faults: .listAll)
    #expect(all.faults.faults.map(\.error) == [error])
    #expect(all.faults.hasErrors)
  }

  @Test func `a name of two categories that both have objects is named`() throws {
    let folder = try COCODirectory(annotations: [
      COCODirectory.annotation(1, category: 1), COCODirectory.annotation(2, category: 2),
    ])
    folder["categories"] = #"[{"id": 1, "name": "a"}, {"id": 2, "name": "a"}]"#
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(
      error.description == "\(folder.path()):5: categories[1] (id 2): name: another category is called \"a\" too; "
        + "rename one, or give all their annotations one category_id")
  }

  @Test(arguments: [
    ("", ": the file is empty"),
    ("[1, 2]", ": a list, where a JSON file of COCO has an object with \"images\", \"annotations\" and"),
    ("{\"images\": [], \"categories\": null}", ":1: \"categories\": expected a list of records, found null"),
    ("{\"images\": [\n{\"id\": 1}", ":1: not valid JSON: the file ends inside the value that begins here"),
    ("{\"images\": [],\n\"annotations", ":2: not valid JSON: the file ends inside the text that begins here"),
    ("{\"images\": []\n\n\"a\": 1}", ":3: not valid JSON: a comma or the end of the object was expected"),
    ("{\"images\" []}", ":1: not valid JSON: a colon was expected behind the key \"images\""),
    ("{images: []}", ":1: not valid JSON: a key in quotes was expected"),
    ("{\"images\": }", ":1: not valid JSON: a value was expected"),
    ("{\"images\": [],\n\"images\": []}", ":2: not valid JSON: the key \"images\" is there twice"),
    ("{\"images\": []}\n}", ":2: not valid JSON: the file goes on behind the object"),
    (
      "{\"categories\": [{\"id\": 1, \"name\": \"a\"} {}]}",
      ":1: not valid JSON: a comma or the end of the list was expected"
    ),
  ])
  func `text that is no JSON object is named with its line`(text: String, message: String) throws {
    let folder = try COCODirectory()
    try folder.write(text)
    let error = try #require(throws: DatasetError.self) {
      try Dataset(.coco, [DatasetSource(root: folder.root, split: "train2017")])
    }
    #expect(error.description.hasPrefix(folder.path() + message), "\(error)")
  }

  @Test func `a file cut off anywhere is an error`() throws {
    let folder = try COCODirectory(annotations: [COCODirectory.annotation(1), COCODirectory.annotation(2)])
    let bytes = Array(folder.json.utf8)
    for count in 0..<bytes.count {
      try folder.write(String(decoding: bytes[..<count], as: UTF8.self))
      #expect(throws: DatasetError.self) {
        try Dataset(.coco, [DatasetSource(root: folder.root, split: "train2017")])
      }
    }
    try folder.write("\u{FEFF}" + folder.json + " \r\n")
    #expect(try Dataset(.coco, [DatasetSource(root: folder.root, split: "train2017")]).images.count == 2)
  }

  @Test func `a missing split is named with the splits that exist, a missing image with its record`() throws {
    let folder = try COCODirectory()
    func message(_ split: String) throws -> String {
      let source = DatasetSource(root: folder.root, split: split)
      return try #require(throws: DatasetError.self) { try Dataset(.coco, [source]) }.description
    }
    #expect(
      try message("val")
        == "\(folder.path("val")): no such split: expected the layout of COCO (annotations/instances_SPLIT.json, "
        + "SPLIT/_annotations.coco.json) or the path of a JSON file, found in \(folder.root): annotations/, train2017/; "
        + "no JSON file is there")
    try folder.write()
    try folder.write(to: folder.path("test"))
    #expect(try message("val") == "\(folder.path("val")): no such split; the splits there are test, train2017")
    #expect(try message("x/y.json").hasPrefix("\(folder.root)/x/y.json: no such split; "))
    try FileManager.default.removeItem(atPath: folder.root + "/train2017/b.png")
    #expect(
      try message("train2017")
        == "\(folder.path()):2: images[0] (id 7): the image has no file \(folder.root)/train2017/b.png "
        + "(nor one in \(folder.root)/images/train2017, \(folder.root)/images, \(folder.root))")
    try FileManager.default.removeItem(atPath: folder.root + "/annotations")
    #expect(try message("val").hasSuffix("found in \(folder.root): train2017/; no JSON file is there"))
  }

  @Test func `all faults are listed, of each kind the first ones and a count`() throws {
    let folder = try COCODirectory(
      annotations: (0..<25).map { COCODirectory.annotation($0, category: 77) }
        + [
          COCODirectory.annotation(100), COCODirectory.annotation(101, box: "[1, 1, 0, 1]"),
          COCODirectory.annotation(102, image: 5),
        ]
    )
    let dataset = try folder.read(faults: .listAll)
    #expect(dataset.faults.counts == [.unknownClass: 25, .boxWithoutArea: 1, .strayAnnotation: 1])
    #expect(dataset.faults.faults.count == 22)
    #expect(dataset.faults.lines.count == 23)
    #expect(dataset.faults.lines.last == "and 5 more objects of unknown classes")
    // What is usable is there.
    #expect(dataset.images.map(\.objects.count) == [0, 1])
  }
}
