import Datasets
import Foundation
import Testing

/// Where annotations and images are looked for.
@Suite struct COCOLayoutTests {
  /// Writes the annotations of a directory to `annotations` and its two images into `images`, and reads them.
  private func read(
    annotations: String, images: String, split: String, imageDirectory: String? = nil, name: String = "a.png"
  ) throws -> Dataset {
    let folder = try folder(annotations: annotations, images: images, name: name)
    let source = DatasetSource(root: folder.root, split: split, imageDirectory: imageDirectory)
    return try Dataset(.coco, [source])
  }

  private func folder(annotations: String, images: String, name: String = "a.png") throws -> COCODirectory {
    let folder = try COCODirectory(annotations: [COCODirectory.annotation(1)], images: [])
    let path = "\(folder.root)/\(annotations)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    folder["images"] = "[\(COCODirectory.image(3, name.replacing("\\", with: "\\\\")))]"
    try folder.write(to: path)
    try folder.write(image: "a.png", in: images)
    return folder
  }

  @Test(arguments: [
    // Roboflow.
    ("train/_annotations.coco.json", "train", "train"), ("valid/_annotations.coco.json", "valid", "valid"),
    ("train/_annotations.coco.json", "train", "train/_annotations.coco.json"),
    // CVAT.
    ("annotations/instances_default.json", "images/default", "default"),
    ("annotations/instances_default.json", "images", "default"),
    ("annotations/instances_default.json", "images/default", "annotations/instances_default.json"),
    ("task/annotations/instances_default.json", "task/images/default", "task/annotations/instances_default.json"),
    // Label Studio.
    ("result.json", "images", "result.json"), ("result.json", "images", "result"),
    ("export/result.json", "export/images", "export/result.json"),
    // Others.
    ("annotations/val.json", "val", "val"), ("val.json", "", "val"), ("LABELS.JSON", "images", "LABELS.JSON"),
  ])
  func `The layouts of other programs are read`(annotations: String, images: String, split: String) throws {
    let dataset = try read(annotations: annotations, images: images, split: split)
    #expect(dataset.images[0].objects.count == 1 && dataset.warnings.isEmpty)
    #expect(dataset.images[0].imagePath.hasSuffix("\(images)/a.png"))
  }

  @Test func `COCO's own place of annotations comes first`() throws {
    let folder = try folder(annotations: "annotations/instances_train.json", images: "train")
    folder["annotations"] = "[]"
    try folder.write(to: folder.root + "/train/_annotations.coco.json")
    let dataset = try Dataset(.coco, [DatasetSource(root: folder.root, split: "train")])
    #expect(dataset.images[0].objects.count == 1)
  }

  @Test func `A missing split is answered with those of every layout`() throws {
    let folder = try folder(annotations: "train/_annotations.coco.json", images: "train")
    try folder.write(to: folder.root + "/result.json")
    let source = DatasetSource(root: folder.root, split: "test")
    let error = try #require(throws: DatasetError.self) { try Dataset(.coco, [source]) }
    #expect(
      error.description == "\(folder.path("test")): no such split; the splits there are train, result.json")
    let nowhere = DatasetSource(root: folder.root + "/none", split: "test")
    let other = try #require(throws: DatasetError.self) { try Dataset(.coco, [nowhere]) }
    #expect(other.reason.contains("found no directory \(folder.root)/none; data.root is relative to "))
  }

  @Test(arguments: [
    ("Annotations/Train.json", "the JSON files there are Annotations/Train.json: a split may be the path of one"),
    ("Annotations/a.xml", "this looks like Pascal VOC's layout: data.format: voc"),
  ])
  func `What is there instead of the layout is named`(file: String, advice: String) throws {
    let folder = try folder(annotations: file, images: "Images")
    let source = DatasetSource(root: folder.root, split: "train2017")
    // Made by the directory for its own tests.
    for name in ["annotations", "train2017"] { try FileManager.default.removeItem(atPath: "\(folder.root)/\(name)") }
    let error = try #require(throws: DatasetError.self) { try Dataset(.coco, [source]) }
    #expect(error.reason.contains("expected the layout of COCO (annotations/instances_SPLIT.json, "), "\(error)")
    #expect(error.reason.hasSuffix("found in \(folder.root): Annotations/, Images/; \(advice)"), "\(error)")
  }

  @Test func `The directory of images can be named, from the root or as an absolute path`() throws {
    let folder = try folder(annotations: "annotations/instances_train.json", images: "pictures/all")
    // Images of the same name in the usual place are not taken.
    try folder.write(image: "a.png", in: "train", width: 7, height: 7)
    for directory in ["pictures/all", "\(folder.root)/pictures/all"] {
      let source = DatasetSource(root: folder.root, split: "train", imageDirectory: directory)
      #expect(try Dataset(.coco, [source]).images[0].imagePath.hasSuffix("/pictures/all/a.png"))
    }
    // What is not there is looked for in the usual places, as images of another split are.
    try folder.write(image: "b.png", in: "elsewhere")
    let other = DatasetSource(root: folder.root, split: "train", imageDirectory: "elsewhere")
    #expect(throws: DatasetError.self) { try Dataset(.coco, [other]) }
    try folder.write(image: "a.png", in: "train")
    #expect(try Dataset(.coco, [other]).images[0].imagePath.hasSuffix("/train/a.png"))
    try folder.write(image: "a.png", in: "split/train")
    let above = DatasetSource(root: folder.root, split: "train", imageDirectory: "split")
    #expect(try Dataset(.coco, [above]).images[0].imagePath.hasSuffix("/split/train/a.png"))
    let missing = DatasetSource(root: folder.root, split: "train", imageDirectory: "none")
    let error = try #require(throws: DatasetError.self) { try Dataset(.coco, [missing]) }
    #expect(
      error.description == "\(folder.root)/none: no such directory of images (data.image_directory) "
        + "(nor is there one from the current directory)")
  }

  @Test(arguments: [
    #"images\a.png"#, #"C:\Users\me\data\images\a.png"#, "/home/me/data/a.png", "../../media/upload/1/a.png",
    "images/a.png", "A.PNG", "a.Png", "other/a.jpg", "a.jfif", "a", "A", "https://example.org/x/a%2Epng?size=2",
  ])
  func `An image is found by the end of its name, with one warning`(name: String) throws {
    let dataset = try read(annotations: "annotations/instances_val.json", images: "val", split: "val", name: name)
    let image = dataset.images[0]
    #expect(image.identifier == name && image.imagePath.hasSuffix("/val/a.png") && image.objects.count == 1)
    #expect(dataset.faults.counts == [.otherPath: 1])
    #expect(
      dataset.warnings[0].hasSuffix(":2: images[0] (id 3): file_name: \"\(name)\" is found as \(image.imagePath)"))
  }

  @Test(arguments: ["a.txt", "b.png", "b", #"images\b.png"#, "../b.png"])
  func `Another name is not found`(name: String) throws {
    let error = try #require(throws: DatasetError.self) {
      try read(annotations: "annotations/instances_val.json", images: "val", split: "val", name: name)
    }
    #expect(error.reason.hasPrefix("the image has no file "), "\(error)")
  }

  @Test func `Two files that differ in letter case alone are not guessed between`() throws {
    let folder = try folder(annotations: "annotations/instances_val.json", images: "val", name: "A.png")
    try folder.write(image: "a.PNG", in: "val")
    let source = DatasetSource(root: folder.root, split: "val")
    let error = try #require(throws: DatasetError.self) { try Dataset(.coco, [source]) }
    #expect(
      error.reason
        == "file_name: \"A.png\" may be \(folder.root)/val/a.PNG or \(folder.root)/val/a.png, which are different files; "
        + "write the right one's name")
    try FileManager.default.removeItem(atPath: folder.root + "/val/a.PNG")
    #expect(try Dataset(.coco, [source]).images.count == 1)
  }

  @Test(arguments: [#"C:\data\cam1\a.png"#, "/home/me/cam1/a.png", "cam1/a.png", "A.PNG", "other/a.jpg"])
  func `A name whose end several images have means none of them until their directory is named`(name: String) throws {
    let folder = try folder(annotations: "annotations/instances_val.json", images: "val", name: name)
    try folder.write(image: "a.png", in: "images", width: 41)
    func read(_ directory: String? = nil) throws -> Dataset {
      try Dataset(.coco, [DatasetSource(root: folder.root, split: "val", imageDirectory: directory)])
    }
    let error = try #require(throws: DatasetError.self) { try read() }
    #expect(
      error.description
        == "\(folder.path("val")):2: images[0] (id 3): file_name: \"\(name)\" may be \(folder.root)/val/a.png or "
        + "\(folder.root)/images/a.png, which are different files; name the directory of the right one by data.image_directory"
    )
    #expect(try read("val").images[0].imagePath.hasSuffix("/val/a.png"))
    // A copy is the same image, and so is a link.
    let (path, other) = ("\(folder.root)/val/a.png", "\(folder.root)/images/a.png")
    try FileManager.default.removeItem(atPath: other)
    try FileManager.default.copyItem(atPath: path, toPath: other)
    #expect(try read().images[0].imagePath == path)
    try FileManager.default.removeItem(atPath: other)
    try FileManager.default.createSymbolicLink(atPath: other, withDestinationPath: path)
    #expect(try read().faults.counts == [.otherPath: 1])
  }

  @Test func `Many such names are one message, and the longer end of a name decides`() throws {
    let folder = try COCODirectory(images: [])
    folder["images"] = "[\((1...5).map { COCODirectory.image($0, "x/cam1/\($0).png") }.joined(separator: ",\n"))]"
    for index in 1...5 {
      try folder.write(image: "\(index).png")
      try folder.write(image: "\(index).png", in: "images", width: 41)
    }
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.object == "images[0] (id 1)" && error.reason.hasSuffix("data.image_directory (and 4 more like it)"))
    for index in 1...5 { try folder.write(image: "\(index).png", in: "images/cam1") }
    let dataset = try folder.read()
    #expect(
      dataset.images.allSatisfy { $0.imagePath.contains("/images/cam1/") } && dataset.faults.counts == [.otherPath: 1])
  }
}
