import Datasets
import Foundation
import Images
import TestSupport
import Testing

/// Which files belong to an image, and what annotations may leave out.
@Suite struct PascalVOCFilesTests {
  private static let box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox>"

  private func annotation(_ more: String = "", object: String = "") -> String {
    "<annotation>\(more)<size><width>4</width><height>4</height></size><object><name>dog</name>\(object)\(Self.box)</object></annotation>"
  }

  private func move(_ source: String, to destination: String) throws {
    try FileManager.default.moveItem(atPath: source, toPath: destination)
  }

  @Test(arguments: ["jpg", "JPG", "Jpg", "jpeg", "JPEG", "jfif", "png", "PNG", "Png"])
  func `an image is found whatever its extension and letter case`(name: String) throws {
    let folder = try AnnotatedDirectory()
    try folder.write(only: "a", width: 4, height: 4, annotation: annotation())
    let path = "\(folder.root)/JPEGImages/a.\(name)"
    try move(folder.imagePath("a"), to: path + ".new")
    try move(path + ".new", to: path)
    try move(folder.annotationPath("a"), to: "\(folder.root)/Annotations/a.XML")
    let dataset = try folder.read()
    #expect(dataset.images.map(\.imagePath) == [path])
    #expect(dataset.images.map(\.annotationPath) == ["\(folder.root)/Annotations/a.XML"])
    #expect(dataset.warnings.isEmpty)
    #expect(try dataset.images[0].load().width == 4)
  }

  @Test func `letter case of names is passed over where there is no exact one`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(only: "IMG_1", width: 4, height: 4, annotation: annotation())
    try move(folder.imagePath("IMG_1"), to: folder.imagePath("img_1"))
    try folder.write(split: "train", "Img_1\nIMG_1\n")
    let dataset = try folder.read()
    #expect(dataset.images.map(\.identifier) == ["IMG_1"])
    #expect(dataset.images.map(\.imagePath) == [folder.imagePath("img_1")])
    #expect(dataset.warnings.count == 1)
    // A file of the exact name goes before.
    try folder.write(image: "IMG_1", width: 4, height: 4)
    #expect(try folder.read().images.map(\.imagePath) == [folder.imagePath("IMG_1")])
  }

  @Test func `of several image files the stated one is taken, else the first with a warning`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(only: "a", width: 4, height: 4, annotation: annotation())
    let jpeg = "\(folder.root)/JPEGImages/a.jpg"
    try Image(width: 4, height: 4, pixels: Array(repeating: 9, count: 48)).writeJPEG(to: jpeg, quality: 90)
    let dataset = try folder.read()
    #expect(dataset.images.map(\.imagePath) == [jpeg])
    #expect(
      dataset.warnings == [
        "\(folder.splitPath("train")):1: image a may be a.jpg, a.png; the first is taken, else write the name with its extension"
      ])
    try folder.write(split: "train", "a.png\n")
    #expect(try folder.read().images.map(\.imagePath) == [folder.imagePath("a")])
    #expect(try folder.read().warnings.isEmpty)
    try folder.write(split: "train", "a\n")
    try folder.write(annotation: "a", annotation("<filename>C:\\data\\a.png</filename>"))
    #expect(try folder.read().images.map(\.imagePath) == [folder.imagePath("a")])
    #expect(try folder.read().warnings.isEmpty)
  }

  @Test(arguments: ["C:\\Users\\me\\a.jpg", "/home/me/images/a.PNG", "images\\a", "", "other.jpg"])
  func `the file name of an annotation may be any`(name: String) throws {
    let folder = try AnnotatedDirectory()
    try folder.write(
      only: "a", width: 4, height: 4,
      annotation: annotation("<folder>x</folder><filename>\(name)</filename><path>\(name)</path>"))
    let dataset = try folder.read()
    #expect(dataset.images.map(\.imagePath) == [folder.imagePath("a")])
    #expect(dataset.warnings.isEmpty)
  }

  @Test func `an image in another format is named`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(annotation: "a", annotation())
    try folder.write(split: "train", "a\n")
    try "BM".write(toFile: "\(folder.root)/JPEGImages/a.bmp", atomically: true, encoding: .utf8)
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(
      error.reason
        == "image a has no file \(folder.root)/JPEGImages/a.jpg (nor .jpeg, .png or .jfif); there is \(folder.root)/JPEGImages/a.bmp, but only JPEG and PNG are read: convert it"
    )
  }

  @Test(arguments: [
    ("<difficult>Unspecified</difficult>", false), ("<difficult>False</difficult>", false),
    ("<difficult>True</difficult>", true), ("<difficult>true</difficult>", true), ("<difficult/>", false), ("", false),
    ("<difficult> 1 </difficult>", true), ("<difficult>0</difficult>", false),
    ("<truncated>Unspecified</truncated><occluded>True</occluded><pose/>", false),
  ])
  func `a mark may be a word, empty or absent`(mark: String, isDifficult: Bool) throws {
    let folder = try AnnotatedDirectory()
    try folder.write(only: "a", width: 4, height: 4, annotation: annotation(object: mark))
    let dataset = try folder.read()
    #expect(dataset.images[0].objects.map(\.groundTruth.isDifficult) == [isDifficult])
    #expect(dataset.warnings.isEmpty)
  }

  @Test func `images without annotation are an error that names the key, or background`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(only: "a", width: 4, height: 4, annotation: annotation())
    for name in ["b", "c"] { try folder.write(image: name, width: 6, height: 5) }
    try folder.write(split: "train", "a\nb\nc.png\n")
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(
      error.description
        == "\(folder.splitPath("train")): 2 of 3 annotations are missing: b.xml, c.xml; looked in \(folder.root)/Annotations; the first (line 2): image b has no annotation \(folder.annotationPath("b")); data.unannotated_images: background takes such images as they are, without objects"
    )
    let rules = ReadingRules(unannotated: .background)
    let dataset = try Dataset.pascalVOC(roots: [folder.root], split: "train", rules: rules)
    #expect(dataset.images.map(\.identifier) == ["a", "b", "c"])
    #expect(dataset.images.map(\.objects.count) == [1, 0, 0])
    #expect(dataset.images[1].width == 6 && dataset.images[1].height == 5)
    #expect(
      dataset.warnings == [
        "\(folder.splitPath("train")): 2 of 3 images have no annotation, taken as background (the first is \(folder.imagePath("b")))"
      ])
    // A name without an image is an error all the same.
    try folder.write(split: "train", "a\nd\n")
    let missing = try #require(throws: DatasetError.self) {
      try Dataset.pascalVOC(roots: [folder.root], split: "train", rules: rules)
    }
    #expect(missing.description.hasPrefix("\(folder.splitPath("train")):2: image d has no annotation"), "\(missing)")
  }

  @Test func `a root of background alone needs no directory of annotations`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(image: "a", width: 4, height: 4)
    try folder.write(split: "train", "a\n")
    try FileManager.default.removeItem(atPath: folder.root + "/Annotations")
    let rules = ReadingRules(unannotated: .background)
    #expect(try Dataset.pascalVOC(roots: [folder.root], split: "train", rules: rules).images.count == 1)
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(
      error.description.hasPrefix("\(folder.root): has no directory Annotations: expected the layout"), "\(error)")
  }

  @Test func `an unknown class comes with the classes that the data have`() throws {
    let folder = try AnnotatedDirectory()
    try folder.write(only: "a", width: 4, height: 4, annotation: annotation())
    for (name, className) in [("b", "traffic light"), ("c", "no"), ("d", "it's \"2\"")] {
      try folder.write(annotation: name, annotation().replacing("dog", with: className))
    }
    let error = try #require(throws: DatasetError.self) { try folder.read(classes: ["cat", "zebra"]) }
    #expect(
      error.description
        == "\(folder.annotationPath("a")):1: object 1: unknown class \"dog\"; the classes are cat, zebra; for all that the data have, classes: [dog, \"it's \\\"2\\\"\", \"no\", traffic light]"
    )
    let other = try #require(throws: DatasetError.self) { try folder.read(classes: ["traffic light", "no"]) }
    #expect(other.reason.hasSuffix("classes: [traffic light, \"no\", dog, \"it's \\\"2\\\"\"]"), "\(other)")
    // Once is enough when all faults are listed.
    try folder.write(image: "b", width: 4, height: 4)
    try folder.write(split: "train", "a\nb\n")
    let all = try Dataset(
      .pascalVOC, [DatasetSource(root: folder.root, split: "train")], classes: ["cat"], faults: .listAll)
    #expect(all.warnings.map { $0.contains("for all that the data have") } == [true, false])
  }

  @Test func `an image larger than the default limit can be allowed`() throws {
    let folder = try AnnotatedDirectory()
    let side = 9_500
    try folder.write(annotation: "a", "<annotation/>")
    try folder.write(split: "train", "a\n")
    let path = "\(folder.root)/JPEGImages/a.jpg"
    try Image(width: side, height: side, pixels: Array(repeating: 200, count: side * side * 3)).writeJPEG(
      to: path, quality: 50)
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.description == "\(path): the header says 9500×9500 pixels; allowed are 89478485 in all")
    let rules = ReadingRules(imageLimit: ImageLimit(pixelCount: 100_000_000, setting: "a.key"))
    let dataset = try Dataset.pascalVOC(roots: [folder.root], split: "train", rules: rules)
    #expect(try dataset.images[0].load().width == side)
  }
}
