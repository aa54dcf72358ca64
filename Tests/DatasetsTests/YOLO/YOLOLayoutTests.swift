import Datasets
import Foundation
import TestSupport
import Testing

/// Where splits, images, labels and names of classes are found.
@Suite struct YOLOLayoutTests {
  private static let label = "1 0.5 0.5 0.5 0.4"

  /// `data.yaml`, and the names of classes that it means.
  static let names: [(String, [String])] = [
    ("names: ['cat', 'dog']", ["cat", "dog"]), ("nc: 2\nnames:\n- cat\n- dog", ["cat", "dog"]),
    ("names: {0: cat, 1: dog}", ["cat", "dog"]), ("names:\n  '1': dog\n  \"0\": cat", ["cat", "dog"]),
    ("names: {1: dog, 5: bird}", ["dog", "bird"]), ("names: [no, '1', 2]\nnc: 3", ["no", "1", "2"]),
    ("names: {0: a, 1: b}\nnc: 2", ["a", "b"]),
    ("\u{FEFF}names: [cat, dog]\r\nroboflow: {workspace: w}\r", ["cat", "dog"]),
  ]

  @Test(arguments: names) func `Names are a list, or numbers with names`(names: (String, [String])) throws {
    let folder = try YOLODirectory(labels: Self.label, yaml: names.0 + "\ntrain: images/train\n")
    let dataset = try folder.read()
    #expect(dataset.classNames == names.1)
    #expect(try Dataset.classNames(.yolo, of: DatasetSource(root: folder.root, split: "train")) == names.1)
  }

  /// `data.yaml`, and the line and reason for which it is refused.
  static let faults: [(String, Int?, String)] = [
    ("names: [cat, dog]\nnc: 3", 2, "nc: 3, but names has 2 (0 cat, 1 dog)"),
    ("names: cat", 1, "names: expected a list of names, or numbers from 0 with names, found \"cat\""),
    ("names: []", 1, "names: expected the names of the classes, found none"),
    ("names: [cat, '']", 1, "names: expected the name of class 1, found \"\""),
    ("names: [[cat]]", 1, "names: expected the name of class 0, found a list"),
    ("names: {cat: 0}", 1, "names: expected the number of a class before a name, found \"cat\""),
    ("names: [background]", nil, "\"background\" is no class"),
    ("names: [cat\ntrain", 3, "not valid YAML"), ("- cat", 1, "expected keys as names, train and val, found a list"),
    ("nc: none\nnames: [cat, dog]", 1, "nc: expected the number of classes, found \"none\""),
    ("names: [cat, dog]\nnames: [cat]", nil, "'names' is given more than once"),
    ("nc: 2", nil, "has no names of classes; set data.classes"),
    ("names: [cat, dog]\ntrain: [images/none]", 2, "train: there is no images/none in "),
    ("names: [cat, dog]\ntrain: {a: b}", 2, "train: expected a path, found a mapping"),
  ]

  @Test(arguments: faults) func `A data.yaml that cannot be meant is refused`(fault: (String, Int?, String)) throws {
    let folder = try YOLODirectory(labels: Self.label, yaml: fault.0)
    let error = try #require(folder.error())
    #expect(error.file == folder.root + "/data.yaml", "\(error)")
    #expect(error.reason.contains(fault.2), "\(error)")
    if let line = fault.1 { #expect(error.line == line, "\(error)") }
  }

  @Test(arguments: [
    "", "path: .", "path: ./", "path:", "path: null", "path: {root}", "path: ../{name}", "path: /content/none",
  ])
  func `Paths are relative to path, or to data.yaml`(path: String) throws {
    let folder = try YOLODirectory(labels: Self.label, yaml: nil)
    let name = URL(fileURLWithPath: folder.root).lastPathComponent
    let line = path.replacing("{root}", with: folder.root).replacing("{name}", with: name)
    for (place, isElsewhere) in [
      ("images/train", false), ("../images/train", false), ("images\\train", false), ("[images/train]", false),
      ("./images/train/", false), (folder.root + "/images/train", false), ("/content/data/images/train", true),
      ("data/images/train", true),
    ] {
      try folder.write("\(line)\ntrain: \(place)\n\(YOLODirectory.names)", to: "data.yaml")
      let dataset = try folder.read()
      #expect(dataset.images.map(\.identifier) == ["a"], "\(place)")
      let expected = (isElsewhere ? 1 : 0) + (path.contains("none") ? 1 : 0)
      #expect(dataset.faults.counts[.otherPath, default: 0] == min(expected, 1), "\(place): \(dataset.warnings)")
    }
    // The file may be named instead of its directory.
    #expect(try folder.read(root: folder.root + "/data.yaml").images.count == 1)
  }

  @Test func `What ../ may mean as well is told`() throws {
    let folder = try YOLODirectory(yaml: nil)
    for place in ["train/images", "export/train/images"] { try folder.write(image: "\(place)/a.png") }
    for place in ["train/labels", "export/train/labels"] { try folder.write(Self.label, to: "\(place)/a.txt") }
    try folder.write("train: ../train/images\n" + YOLODirectory.names, to: "export/data.yaml")
    let dataset = try folder.read(root: folder.root + "/export")
    #expect(dataset.faults.counts == [.ambiguousName: 1], "\(dataset.warnings)")
    #expect(dataset.images[0].imagePath.hasSuffix("/export/../train/images/a.png"))
  }

  @Test func `A split is directories and lists of images`() throws {
    let folder = try YOLODirectory(labels: Self.label, yaml: nil)
    for name in ["b", "c", "sub/d"] { try folder.write(image: "images/more/\(name).png") }
    try folder.write(Self.label, to: "labels/more/sub/d.txt")
    try folder.write(
      "./images/more/c.png\r\n\r\n  images/more/sub/d.png  \nC:\\data\\images\\train\\a.png\n", to: "lists/some.txt")
    try folder.write("train: [images/train, images/more]\nval: lists/some.txt\n" + YOLODirectory.names, to: "data.yaml")
    let train = try folder.read()
    #expect(train.images.map(\.identifier) == ["a", "b", "c", "sub/d"])
    #expect(train.images.map(\.objects.count) == [1, 0, 0, 1])
    #expect(train.faults.counts == [.unannotatedImage: 1])
    #expect(train.warnings[0].contains("2 of 4 images have no label file, taken as background"))
    for split in ["val", "valid", "validation", "lists/some.txt"] {
      let listed = try folder.read(split)
      #expect(listed.images.map(\.identifier) == ["more/c", "more/sub/d", "train/a"], "\(split)")
      #expect(listed.faults.counts == [.unannotatedImage: 1, .otherPath: 1], "\(listed.warnings)")
    }
    #expect(try folder.read("images/more").images.count == 3)
    let both = try Dataset(
      .yolo, [DatasetSource(root: folder.root, split: "train"), DatasetSource(root: folder.root, split: "val")])
    #expect(both.images.count == 4 && both.faults.counts[.repeatedImage] == 3)
    let error = try #require(folder.error("test"))
    #expect(error.reason == "no such split: test; the splits there are train, val", "\(error)")
  }

  @Test func `Images that a list names and that are missing are told at once`() throws {
    let folder = try YOLODirectory(labels: Self.label)
    try folder.write("images/train/a.png\nimages/train/x.png\nimages/train/y.png\n", to: "all.txt")
    let error = try #require(folder.error("all.txt"))
    #expect(error.reason.hasPrefix("2 of 3 images are missing: images/train/x.png, images/train/y.png; looked in "))
    try folder.write("images/train/a.png\nlabels/train/a.txt\n", to: "all.txt")
    #expect(folder.error("all.txt")?.line == 2)
    try folder.write("\n\n", to: "all.txt")
    #expect(folder.error("all.txt")?.reason == "lists no image")
  }

  /// Places of an image and its label, the split, and where the names of classes are.
  static let layouts: [(String, String, String, String)] = [
    ("images/a.png", "labels/a.txt", ".", "classes.txt"), ("a.png", "a.txt", ".", "classes.txt"),
    ("images/train/a.png", "labels/train/a.txt", "train", "classes.txt"),
    ("train/images/a.png", "train/labels/a.txt", "train", "train/labels/classes.txt"),
    ("train/a.png", "train/a.txt", "train", "train/classes.txt"),
    ("photos/a.PNG", "photos/labels/a.TXT", "photos", "classes.txt"),
    ("photos/a.png", "labels/a.txt", "photos", "labels/classes.txt"),
    ("JPEGImages/a.png", "labels/a.txt", "JPEGImages", "obj.names"),
    ("valid/images/a.png", "valid/labels/a.txt", "val", "classes.txt"),
  ]

  @Test(arguments: layouts) func `Without data.yaml directories are the splits`(
    layout: (String, String, String, String)
  ) throws {
    let folder = try YOLODirectory(yaml: nil)
    try folder.write(image: layout.0)
    try folder.write(Self.label, to: layout.1)
    try folder.write("cat\r\ndog\r\n\r\n", to: layout.3)
    let dataset = try folder.read(layout.2)
    #expect(dataset.classNames == ["cat", "dog"] && dataset.images.map(\.identifier) == ["a"])
    #expect(dataset.images[0].objects.count == 1 && dataset.warnings.isEmpty, "\(dataset.warnings)")
    // Without names in a file they are those that the configuration lists.
    try FileManager.default.removeItem(atPath: "\(folder.root)/\(layout.3)")
    #expect(folder.error(layout.2)?.reason.contains("or a classes.txt with a name on each line") == true)
    #expect(try folder.read(layout.2, classes: ["x", "y"]).images[0].objects[0].groundTruth.label == 2)
  }

  @Test func `Darknet's files are read`() throws {
    let folder = try YOLODirectory(yaml: nil)
    try folder.write("classes = 2\ntrain  = data/train.txt\nnames=data/obj.names\nbackup =\n", to: "obj.data")
    try folder.write("cat\ndog\n", to: "obj.names")
    try folder.write("data/obj_train_data/a.png\n", to: "train.txt")
    try folder.write(image: "obj_train_data/a.png")
    try folder.write(Self.label, to: "obj_train_data/a.txt")
    let dataset = try folder.read()
    #expect(dataset.images.map(\.identifier) == ["obj_train_data/a"] && dataset.images[0].objects.count == 1)
  }

  @Test func `Images that share labels, labels without images and no labels at all are told`() throws {
    let folder = try YOLODirectory(labels: Self.label)
    try folder.write(Self.label, to: "labels/train/orphan.txt")
    try folder.write("cat", to: "labels/train/classes.txt")
    let dataset = try folder.read()
    #expect(dataset.faults.counts == [.labelWithoutImage: 1])
    #expect(
      dataset.warnings[0].hasSuffix("1 label file has no image (the first is \(folder.root)/labels/train/orphan.txt)"))
    try folder.write(image: "images/train/a.jpeg")
    #expect(folder.error()?.reason.hasSuffix("and so the same labels: which image was annotated?") == true)
    try FileManager.default.removeItem(atPath: folder.root + "/images/train/a.jpeg")
    try folder.write("BM", to: "images/train/b.bmp")
    #expect(folder.error()?.file.hasSuffix("b.bmp") == true)
    try FileManager.default.removeItem(atPath: folder.root + "/images/train/b.bmp")
    try FileManager.default.removeItem(atPath: folder.root + "/labels")
    let error = try #require(folder.error())
    #expect(error.reason.hasPrefix("none of its 1 images has a label file (such as a.txt); looked in "), "\(error)")
  }

  @Test func `Classes go by names, as COCO's do`() throws {
    let folder = try YOLODirectory(labels: "0 0.5 0.5 0.5 0.4\n2 0.5 0.5 0.5 0.4")
    let dataset = try folder.read(classes: ["zebra", "dog"])
    #expect(dataset.images[0].objects.map(\.groundTruth.label) == [1])
    #expect(dataset.warnings.count == 1)
    #expect(dataset.warnings[0].contains("1 of 2 objects are of categories that are no classes, left out: cat 1"))
    #expect(folder.error(classes: ["zebra", "cow"])?.reason.contains("has no category \"cow\"") == true)
    // Another data set numbers them in its own way.
    let other = try YOLODirectory(labels: "0 0.5 0.5 0.5 0.4", yaml: "train: images/train\nnames: [zebra, cat, dog]")
    let both = try Dataset(
      .yolo, [folder, other].map { DatasetSource(root: $0.root, split: "train") }, classes: ["cat", "dog", "zebra"])
    #expect(both.images.flatMap(\.objects).map(\.groundTruth.label) == [1, 3, 3])
    #expect(Set(both.images.map(\.identifier)).count == 2)
  }

  @Test func `Another format's reader says what to set, and this one says so of others`() throws {
    let folder = try YOLODirectory(labels: Self.label)
    func reason(_ format: DatasetFormat, _ root: String, _ split: String) -> String {
      do {
        _ = try Dataset(format, [DatasetSource(root: root, split: split)])
        return ""
      } catch {
        return "\(error)"
      }
    }
    for format in [DatasetFormat.pascalVOC, .coco] {
      let message = reason(format, folder.root, "trainval")
      #expect(
        message.hasSuffix("data.yaml describes YOLO labels: set data.format: yolo, data.train_split: train"),
        "\(message)")
    }
    let flat = try YOLODirectory(yaml: nil)
    try flat.write(image: "images/a.png")
    try flat.write(Self.label, to: "labels/a.txt")
    #expect(reason(.pascalVOC, flat.root, "trainval").hasSuffix("labels/a.txt is a YOLO label: set data.format: yolo"))
    let voc = try AnnotatedDirectory()
    try voc.writeImages(count: 1)
    #expect(reason(.yolo, voc.root, "train").contains("this looks like Pascal VOC's layout: data.format: voc"))
    let coco = try COCODirectory()
    try coco.write()
    #expect(reason(.yolo, coco.root, "train2017").contains("this looks like COCO's layout: data.format: coco"))
    #expect(reason(.yolo, flat.root + "/none", "train").contains("data.root is relative to"))
  }
}
