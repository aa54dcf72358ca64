import Datasets
import Detection
import Foundation
import Testing

/// Reads what should be read, and repairs with a warning what can be repaired.
@Suite struct COCOTests {
  private typealias Record = COCODirectory

  @Test func `a box of continuous pixels becomes edges and fractions, in the order of the file`() throws {
    let folder = try COCODirectory(annotations: [
      Record.annotation(11, image: 3, category: 9, box: "[0, 7.5, 40, 15]", more: ", \"area\": 321.5"),
      Record.annotation(12, image: 7), Record.annotation(10, image: 3, category: 2, box: "[1.25, 2, 3e1, 4.5]"),
    ])
    let dataset = try folder.read()
    #expect(dataset.classNames == ["cat", "dog", "zebra"])
    #expect(dataset.images.map(\.identifier) == ["b.png", "a.png"])
    #expect(dataset.images.map(\.imagePath) == ["b.png", "a.png"].map { "\(folder.root)/train2017/\($0)" })
    #expect(dataset.images.allSatisfy { $0.annotationPath == folder.path() && ($0.width, $0.height) == (40, 30) })
    #expect(dataset.images.map { $0.objects.map(\.groundTruth.label) } == [[2], [3, 1]])
    let objects = dataset.images[1].objects
    #expect(objects[0].pixelBox == PixelBox(xMin: 0, yMin: 7.5, xMax: 40, yMax: 22.5))
    #expect(objects[0].groundTruth.box == CornerBox(xMin: 0, yMin: 0.25, xMax: 1, yMax: 0.75))
    #expect(objects[1].pixelBox == PixelBox(xMin: 1.25, yMin: 2, xMax: 31.25, yMax: 6.5))
    #expect(objects.map(\.area) == [321.5, nil])
    #expect(dataset.cocoIdentifiers?.images == [7, 3])
    #expect(dataset.cocoIdentifiers?.categories == [2, 5, 9])
    #expect(dataset.warnings.isEmpty)
  }

  @Test func `a list of classes selects and orders, and what is left out is counted`() throws {
    let folder = try COCODirectory(annotations: [
      Record.annotation(1, category: 9), Record.annotation(2, category: 2), Record.annotation(3, category: 5),
    ])
    let dataset = try folder.read(classes: ["zebra", "cat"])
    #expect(dataset.classNames == ["zebra", "cat"])
    #expect(dataset.images[1].objects.map(\.groundTruth.label) == [1, 2])
    #expect(dataset.cocoIdentifiers?.categories == [9, 2])
    #expect(
      dataset.warnings == [
        "\(folder.path()): 1 of 3 objects are of categories that are no classes, left out: dog 1; for all that the data have, classes: [zebra, cat, dog]"
      ])
    let error = try #require(throws: DatasetError.self) { try folder.read(classes: ["cat", "horse"]) }
    #expect(
      error.description
        == "\(folder.path()): has no category \"horse\", which is a class; its categories are cat, dog, zebra; for all that the data have, classes: [cat, dog, zebra]"
    )
  }

  @Test func `a crowd is kept, but neither trained on nor difficult`() throws {
    let folder = try COCODirectory(annotations: [
      Record.annotation(1, more: ", \"iscrowd\": 1"), Record.annotation(2, category: 2, more: ""),
      Record.annotation(3, category: 9, more: ", \"difficult\": 1"),
      Record.annotation(4, category: 9, more: ", \"ignore\": 1"),
    ])
    let image = try folder.read().images[1]
    #expect(image.objects.map(\.isCrowd) == [true, false, false, false])
    #expect(image.objects.map(\.groundTruth.isDifficult) == [false, false, true, true])
    for policy in DifficultPolicy.allCases {
      #expect(image.trainingObjects(difficult: policy).map(\.label) == (policy == .never ? [1] : [1, 3, 3]))
      #expect(image.evaluationObjects(difficult: policy).map(\.isCrowd) == [true, false, false, false])
    }
  }

  @Test func `boxes without area are dropped, boxes beyond the image clipped or dropped, each with its record`() throws
  {
    let boxes = [
      "[5, 5, 0, 3]", "[5, 5, 3, -1]", "[-2, 3, 7, 4]", "[30, 3, 10.02, 4]", "[41, 1, 3, 3]", "[-8, 2, 8, 5]",
      // The rounding of two decimals is no fault.
      "[30.01, 3, 10, 4]", "[-0.005, 26, 5, 4.01]",
    ]
    let folder = try COCODirectory(annotations: boxes.enumerated().map { Record.annotation($0 + 20, box: $1) })
    let dataset = try folder.read()
    #expect(
      dataset.images[1].objects.map(\.pixelBox) == [
        PixelBox(xMin: 0, yMin: 3, xMax: 5, yMax: 7), PixelBox(xMin: 30, yMin: 3, xMax: 40, yMax: 7),
        PixelBox(xMin: 30.01, yMin: 3, xMax: 40, yMax: 7), PixelBox(xMin: 0, yMin: 26, xMax: 4.995, yMax: 30),
      ])
    let endings = [
      "3: annotations[0] (id 20): box [5.0, 5.0, 0.0, 3.0] has no area, dropped",
      "4: annotations[1] (id 21): box [5.0, 5.0, 3.0, -1.0] has no area, dropped",
      "5: annotations[2] (id 22): box [-2.0, 3.0, 7.0, 4.0] reaches outside the image of 40×30 pixels, clipped",
      "6: annotations[3] (id 23): box [30.0, 3.0, 10.02, 4.0] reaches outside the image of 40×30 pixels, clipped",
      "7: annotations[4] (id 24): box [41.0, 1.0, 3.0, 3.0] lies outside the image of 40×30 pixels, dropped",
      "8: annotations[5] (id 25): box [-8.0, 2.0, 8.0, 5.0] lies outside the image of 40×30 pixels, dropped",
    ]
    #expect(dataset.warnings == endings.map { "\(folder.path()):\($0)" })
  }

  @Test func `images without boxes stay, and an object number that is there twice is told`() throws {
    let folder = try COCODirectory(annotations: [Record.annotation(1), Record.annotation(1, category: 2)])
    let dataset = try folder.read()
    #expect(dataset.images.map(\.objects.count) == [0, 2])
    #expect(dataset.warnings == ["\(folder.path()):4: annotations[1] (id 1): id: another object has the same"])
    #expect(dataset.trainingWarnings(difficult: .trainOnly).last?.hasPrefix("1 of 2 training images ") == true)
  }

  @Test func `a split is a name or the path of a file, and images are found in the usual directories`() throws {
    let folder = try COCODirectory(images: [])
    for (split, place) in [
      ("train2017", "train2017"), ("train2017", "images/train2017"), ("train2017", "images"), ("train2017", ""),
      ("export/labels.json", "export"), ("export/labels.json", "labels"), ("export/labels.json", "images/labels"),
      ("export/instances_val.json", "val"), ("export/instances_val.json", ""),
    ] {
      let path = split.hasSuffix(".json") ? "\(folder.root)/\(split)" : folder.path()
      try FileManager.default.createDirectory(atPath: folder.root + "/export", withIntermediateDirectories: true)
      try folder.write(to: path)
      for name in ["a.png", "b.png"] { try folder.write(image: name, in: place) }
      let dataset = try Dataset(.coco, [DatasetSource(root: folder.root, split: split)])
      #expect(dataset.images.count == 2)
      for image in dataset.images {
        #expect(FileManager.default.fileExists(atPath: image.imagePath))
        try FileManager.default.removeItem(atPath: image.imagePath)
      }
    }
    // A name may have directories of its own.
    folder["images"] = "[\(COCODirectory.image(1, "day 1/a.png"))]"
    try folder.write(image: "a.png", in: "train2017/day 1")
    #expect(try folder.read().images.map(\.identifier) == ["day 1/a.png"])
  }

  @Test func `several files are joined; numbers that contradict each other are not used`() throws {
    let first = try COCODirectory(annotations: [Record.annotation(1)])
    let second = try COCODirectory(annotations: [Record.annotation(1, image: 30, category: 1)], images: ["c.png"])
    second["images"] = "[\(COCODirectory.image(30, "c.png"))]"
    second["categories"] = #"[{"id": 1, "name": "dog"}, {"id": 3, "name": "cat"}, {"id": 4, "name": "zebra"}]"#
    try first.write()
    try second.write()
    let sources = [first, second].map { DatasetSource(root: $0.root, split: "train2017") }
    let dataset = try Dataset(.coco, sources)
    #expect(dataset.images.map(\.identifier) == ["b.png", "a.png", "c.png"])
    #expect(dataset.images.map { $0.objects.map(\.groundTruth.label) } == [[], [2], [2]])
    #expect(dataset.cocoIdentifiers == nil)
    second["categories"] = first["categories"]!
    second["annotations"] = "[]"
    try second.write()
    #expect(try Dataset(.coco, sources).cocoIdentifiers?.images == [7, 3, 30])
    second["images"] = "[\(COCODirectory.image(3, "c.png"))]"
    try second.write()
    #expect(try Dataset(.coco, sources).cocoIdentifiers == nil)
    second["images"] = first["images"]!
    try second.write()
    try second.write(image: "a.png")
    try second.write(image: "b.png")
    let both = try Dataset(.coco, sources)
    #expect(both.cocoIdentifiers == nil)
    #expect(
      both.images.map(\.identifier)
        == [first, second].flatMap { folder in
          ["b.png", "a.png"].map { "\(URL(fileURLWithPath: folder.root).lastPathComponent)/\($0)" }
        })
    #expect(
      both.images.map(\.imagePath)
        == [first, second].flatMap { folder in
          ["b.png", "a.png"].map { "\(folder.root)/train2017/\($0)" }
        })
  }

  @Test func `categories alone can be read`() throws {
    let folder = try COCODirectory()
    try folder.write()
    let source = DatasetSource(root: folder.root, split: "train2017")
    #expect(try Dataset.categoryNames(ofCOCO: source) == ["cat", "dog", "zebra"])
  }
}
