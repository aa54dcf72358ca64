import Datasets
import Detection
import Foundation
import TestSupport
import Testing

/// Reads what should be read, and repairs with a warning what can be repaired.
@Suite struct PascalVOCTests {
  @Test func `a box of inclusive pixel numbers becomes edges and fractions`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(
      only: "a", width: 50, height: 20,
      annotation: """
        <annotation>
          <size><width>50</width><height>20</height><depth>3</depth></size>
          <object><name>cat</name><bndbox><xmin>1</xmin><ymin>6</ymin><xmax>50</xmax><ymax>15</ymax></bndbox></object>
        </annotation>
        """)
    let dataset = try folder.read()
    let image = try #require(dataset.images.first)
    #expect((image.width, image.height) == (50, 20))
    #expect(image.identifier == "a")
    #expect(image.imagePath == folder.imagePath("a"))
    #expect(image.annotationPath == folder.annotationPath("a"))
    let object = try #require(image.objects.first)
    #expect(object.pixelBox == PixelBox(xMin: 0, yMin: 5, xMax: 50, yMax: 15))
    #expect(object.groundTruth.box == CornerBox(xMin: 0, yMin: 0.25, xMax: 1, yMax: 0.75))
    #expect(object.groundTruth.label == 8)
    #expect(dataset.classNames[7] == "cat")
    #expect(dataset.warnings.isEmpty)
  }

  @Test func `parts, owner, empty elements and fractions do not disturb the object`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(
      only: "a", width: 100, height: 100,
      annotation: """
        <?xml version="1.0" encoding="UTF-8"?>
        <annotation>
          <owner><flickrid/><name>horse</name></owner>
          <size><width>100</width><height>100</height><depth>3</depth></size>
          <object>
            <part><name>head</name><bndbox><xmin>90</xmin><ymin>91</ymin><xmax>92</xmax><ymax>93</ymax></bndbox></part>
            <name> person </name><pose></pose><truncated/><difficult/>
            <bndbox><ymax>40.25</ymax><xmin>11.5</xmin><ymin>21</ymin>
              <xmax> 30.75 </xmax></bndbox>
            <part><name>hand</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>
            <part><name>foot</name></part>
          </object>
          <object><name>dog</name><difficult>1</difficult>
            <bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>
        </annotation>
        """)
    let dataset = try folder.read()
    let objects = dataset.images[0].objects
    #expect(objects.map(\.groundTruth.label) == [15, 12])
    #expect(objects.map(\.groundTruth.isDifficult) == [false, true])
    #expect(objects[0].pixelBox == PixelBox(xMin: 10.5, yMin: 20, xMax: 30.75, yMax: 40.25))
    #expect(dataset.warnings.isEmpty)
  }

  @Test func `boxes without area are dropped, boxes beyond the image clipped or dropped, each with its line`() throws {
    let folder = try AnnotatedDirectory()
    func object(_ name: String, _ box: (Int, Int, Int, Int)) -> String {
      """
      <object><name>\(name)</name>
      <bndbox><xmin>\(box.0)</xmin><ymin>\(box.1)</ymin><xmax>\(box.2)</xmax><ymax>\(box.3)</ymax></bndbox></object>
      """
    }
    let boxes = [
      (7, 5, 7, 9), (9, 5, 4, 9), (2, 8, 6, 8),  // no area: lines 3, 5, 7
      (0, 3, 5, 6), (8, 1, 12, 11),  // clipped: lines 9, 11
      (11, 2, 14, 5), (-8, 2, 0, 5), (2, 11, 3, 12),  // outside: lines 13, 15, 17
      (10, 10, 11, 11),
    ]
    let size = "<size><width>10</width><height>10</height></size>"
    let annotation =
      "<annotation>\(size)\n" + boxes.map { object("car", $0) }.joined(separator: "\n") + "\n</annotation>"
    try folder.write(only: "a", width: 10, height: 10, annotation: annotation)
    let dataset = try folder.read()
    #expect(
      dataset.images[0].objects.map(\.pixelBox) == [
        PixelBox(xMin: 0, yMin: 2, xMax: 5, yMax: 6), PixelBox(xMin: 7, yMin: 0, xMax: 10, yMax: 10),
        PixelBox(xMin: 9, yMin: 9, xMax: 10, yMax: 10),
      ])
    let endings = [
      ":3: object 1 (car): box (7.0, 5.0, 7.0, 9.0) has no area, dropped",
      ":5: object 2 (car): box (9.0, 5.0, 4.0, 9.0) has no area, dropped",
      ":7: object 3 (car): box (2.0, 8.0, 6.0, 8.0) has no area, dropped",
      ":9: object 4 (car): box (0.0, 3.0, 5.0, 6.0) reaches outside the image of 10×10 pixels, clipped",
      ":11: object 5 (car): box (8.0, 1.0, 12.0, 11.0) reaches outside the image of 10×10 pixels, clipped",
      ":13: object 6 (car): box (11.0, 2.0, 14.0, 5.0) lies outside the image of 10×10 pixels, dropped",
      ":15: object 7 (car): box (-8.0, 2.0, 0.0, 5.0) lies outside the image of 10×10 pixels, dropped",
      ":17: object 8 (car): box (2.0, 11.0, 3.0, 12.0) lies outside the image of 10×10 pixels, dropped",
      ":19: object 9 (car): box (10.0, 10.0, 11.0, 11.0) reaches outside the image of 10×10 pixels, clipped",
    ]
    #expect(dataset.warnings == endings.map { folder.annotationPath("a") + $0 })
  }

  @Test(arguments: [("train-only", 2, [false, true]), ("never", 1, [false, true]), ("always", 2, [false, false])])
  func `difficult objects follow the policy`(name: String, trained: Int, marks: [Bool]) throws {
    let policy = try #require(DifficultPolicy(rawValue: name))
    func object(label: Int, isDifficult: Bool) -> AnnotatedObject {
      AnnotatedObject(
        pixelBox: PixelBox(xMin: 1, yMin: 1, xMax: 4, yMax: 4), label: label, isDifficult: isDifficult, width: 10,
        height: 10)
    }
    let image = AnnotatedImage(
      identifier: "a", imagePath: "", annotationPath: "", width: 10, height: 10,
      objects: [object(label: 1, isDifficult: false), object(label: 2, isDifficult: true)])
    #expect(image.trainingObjects(difficult: policy).map(\.label) == Array(1...trained))
    #expect(image.evaluationObjects(difficult: policy).map(\.groundTruth.label) == [1, 2])
    #expect(image.evaluationObjects(difficult: policy).map(\.groundTruth.isDifficult) == marks)
  }

  @Test func `images with nothing to train on are kept and counted`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(image: "a", width: 8, height: 8)
    try folder.write(image: "b", width: 8, height: 8)
    try folder.write(annotation: "a", "<annotation></annotation>")
    try folder.write(
      annotation: "b",
      """
      <annotation><size><width>8</width><height>8</height></size><object><name>cow</name><difficult>1</difficult>
      <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax><ymax>4</ymax></bndbox></object></annotation>
      """)
    try folder.write(split: "train", "a\nb\n")
    let dataset = try folder.read()
    #expect(dataset.images.map(\.identifier) == ["a", "b"])
    #expect(dataset.warnings.isEmpty)
    #expect(dataset.trainingWarnings(difficult: .always).first?.hasPrefix("1 of 2 ") == true)
    #expect(dataset.trainingWarnings(difficult: .never).first?.hasPrefix("2 of 2 ") == true)
  }

  @Test func `blank lines, Windows line ends, class flags and repeated names in a split are understood`() throws {
    let folder = try AnnotatedDirectory()
    for identifier in ["a", "b", "c"] {
      try folder.write(image: identifier, width: 4, height: 4)
      try folder.write(annotation: identifier, "<annotation/>")
    }
    try folder.write(split: "train", "b\r\n\r\n  a  \r\nc")
    #expect(try folder.read().images.map(\.identifier) == ["b", "a", "c"])
    try folder.write(split: "dog_train", "c -1\na  1\n\nb\t0\n")
    #expect(try folder.read("dog_train").images.map(\.identifier) == ["c", "a", "b"])
    try folder.write(split: "twice", "a\nb\na\n")
    let dataset = try folder.read("twice")
    #expect(dataset.images.map(\.identifier) == ["a", "b"])
    #expect(dataset.warnings == ["\(folder.splitPath("twice")):3: image a is listed twice, taken once"])
  }

  @Test func `several roots follow one another`() throws {
    let first = try AnnotatedDirectory()
    let second = try AnnotatedDirectory()
    try first.write(only: "x", width: 4, height: 4, annotation: "<annotation/>")
    try second.write(only: "a", width: 4, height: 4, annotation: "<annotation/>")
    let dataset = try Dataset.pascalVOC(roots: [first.root, second.root], split: "train")
    #expect(dataset.images.map(\.identifier) == ["x", "a"])
    #expect(dataset.images[1].imagePath == second.imagePath("a"))
  }

  @Test func `a size with exchanged sides is ignored when every box fits the image`() throws {
    let folder = try AnnotatedDirectory()
    func annotation(xMax: Int) -> String {
      """
      <annotation>
      <size><width>30</width><height>20</height></size>
      <object><name>bus</name><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>\(xMax)</xmax><ymax>28</ymax></bndbox></object>
      </annotation>
      """
    }
    try folder.write(only: "a", width: 20, height: 30, annotation: annotation(xMax: 19))
    let dataset = try folder.read()
    #expect(dataset.images[0].objects[0].pixelBox == PixelBox(xMin: 1, yMin: 2, xMax: 19, yMax: 28))
    #expect(dataset.images[0].objects[0].groundTruth.box.xMax == 0.95)
    #expect(dataset.warnings.count == 1)
    #expect(dataset.warnings[0].hasPrefix("\(folder.annotationPath("a")):2: the annotation states 30×20 pixels"))
    try folder.write(annotation: "a", annotation(xMax: 25))
    #expect(throws: DatasetError.self) { try folder.read() }
  }

  @Test func `an annotation without a size, or of size zero, takes it from the image`() throws {
    let folder = try AnnotatedDirectory()
    let object =
      "<object><name>bus</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax><ymax>4</ymax></bndbox></object>"
    for size in [
      "", "<size/>", "<size><width>0</width><height>0</height></size>", "<size><height>16</height></size>",
      "<size><width/><height>16</height></size>",
    ] {
      try folder.write(only: "a", width: 8, height: 16, annotation: "<annotation>\(size)\(object)</annotation>")
      let dataset = try folder.read()
      #expect(dataset.images[0].objects[0].groundTruth.box == CornerBox(xMin: 0, yMin: 0, xMax: 0.5, yMax: 0.25))
      #expect(
        dataset.warnings == [
          "\(folder.splitPath("train")): 1 of 1 annotations state no size, that of the image is used (the first is \(folder.annotationPath("a")))"
        ])
    }
  }

  @Test func `one warning tells of all annotations without a size`() throws {
    let folder = try AnnotatedDirectory()
    try folder.writeImages(count: 15)
    let dataset = try folder.read()
    #expect(dataset.images.count == 15)
    #expect(dataset.warnings.count == 1)
    #expect(dataset.warnings.first?.contains(": 15 of 15 annotations state no size, ") == true)
  }

  @Test func `without image files the stated size is believed, where they are not required`() throws {
    let folder = try AnnotatedDirectory()
    let box = "<bndbox><xmin>1</xmin><ymin>6</ymin><xmax>60</xmax><ymax>15</ymax></bndbox>"
    let object = "<object><name>cat</name>\(box)</object>"
    let size = "<size><width>50</width><height>20</height></size>"
    try folder.write(annotation: "a", "<annotation>\(size)\(object)</annotation>")
    try folder.write(annotation: "b", "<annotation>\(object)</annotation>")
    try folder.write(split: "train", "a")
    try folder.write(split: "both", "a\nb")
    func read(_ split: String, requiresImageFiles: Bool = false) throws -> Dataset {
      try Dataset.pascalVOC(roots: [folder.root], split: split, requiresImageFiles: requiresImageFiles)
    }
    let dataset = try read("train")
    #expect(dataset.images[0].objects.map(\.pixelBox) == [PixelBox(xMin: 0, yMin: 5, xMax: 50, yMax: 15)])
    #expect(dataset.warnings.count == 1)
    #expect(throws: DatasetError.self) { try read("train", requiresImageFiles: true) }
    let error = try #require(throws: DatasetError.self) { try read("both") }
    #expect(error.description.hasPrefix("\(folder.annotationPath("b")): states no size, and there is no image"))
    // An image that is there is still looked at.
    try folder.write(image: "a", width: 51, height: 20)
    #expect(throws: DatasetError.self) { try read("train") }
  }
}
