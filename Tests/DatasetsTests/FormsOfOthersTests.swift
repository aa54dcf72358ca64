import Datasets
import Foundation
import TestSupport
import Testing

/// What programs and people write that the formats do not foresee, and that can only mean one thing.
struct FormsOfOthersTests {
  // MARK: COCO

  private static let annotations = [
    COCODirectory.annotation(1, category: 2), COCODirectory.annotation(2, category: 5),
  ]

  /// VGG Image Annotator lists the category of every region.
  @Test func `A COCO category that is listed again is one`() throws {
    let folder = try COCODirectory(annotations: Self.annotations)
    folder["categories"] =
      #"[{"id": 2, "name": "cat"}, {"id": 5, "name": "dog"}, {"id": 2, "name": "cat"}, {"id": 2, "name": "cat"}]"#
    let dataset = try folder.read()
    #expect(dataset.classNames == ["cat", "dog"])
    #expect(
      dataset.warnings.count == 1 && dataset.warnings[0].hasSuffix("is listed before, taken once (and 1 more like it)"))
  }

  @Test func `COCO records of other programs are read`() throws {
    let more = #", "score": NaN, "area": NaN, "track": [-Infinity, Infinity]"#
    let folder = try COCODirectory(
      annotations: [COCODirectory.annotation(1, category: 2, more: more), COCODirectory.annotation(2, category: 5)],
      images: ["a b.png", "v1.2.png"])
    folder["categories"] = #"[{"id": 2, "name": 7}, {"id": 5, "name": "dog"}]"#
    let url =
      #"{"id": 3, "coco_url": "http://images.cocodataset.org/train2017/a%20b.png?size=1", "width": 40, "height": 30}"#
    folder["images"] = "[\(url), \(COCODirectory.image(7, "v1.2"))]"
    let dataset = try folder.read()
    #expect(dataset.classNames == ["7", "dog"])
    #expect(dataset.images.map { URL(fileURLWithPath: $0.imagePath).lastPathComponent } == ["a b.png", "v1.2.png"])
    #expect(dataset.images[0].objects.map(\.area) == [nil, nil])
  }

  /// Latin-1 and GBK; that of a key that nothing needs does not matter.
  @Test func `COCO text that is not Unicode is refused where it matters`() throws {
    let folder = try COCODirectory(annotations: Self.annotations)
    folder["categories"] = #"[{"id": 2, "name": "n?"}, {"id": 5, "name": "dog", "note": "n\u0041"}]"#
    for (place, isRefused) in [("n?", true), (#"n\u0041"#, false)] {
      var bytes = Array(folder.json.utf8)
      let position = try #require(bytes.firstRange(of: Array(place.utf8)))
      bytes.replaceSubrange(position.lowerBound + 1..<position.upperBound, with: [0xE9])
      try Data(bytes).write(to: URL(fileURLWithPath: folder.path()))
      let source = [DatasetSource(root: folder.root, split: "train2017")]
      if isRefused {
        let error = try #require(throws: DatasetError.self) { try Dataset(.coco, source) }
        #expect(error.line == 5 && error.reason.hasSuffix("is not in UTF-8: save the file in UTF-8"), "\(error)")
      } else {
        #expect(try Dataset(.coco, source).classNames == ["n?", "dog"])
      }
    }
  }

  @Test func `Annotations of images that were taken out by hand are passed over`() throws {
    let folder = try COCODirectory(
      annotations: [
        COCODirectory.annotation(1, image: 99), COCODirectory.annotation(2, more: #", "area": [12.5]"#),
        COCODirectory.annotation(3, image: 98),
      ])
    let dataset = try folder.read()
    #expect(dataset.images.map(\.objects.count) == [0, 1] && dataset.images[1].objects[0].area == 12.5)
    #expect(dataset.faults.counts == [.strayAnnotation: 1])
    #expect(
      dataset.warnings[0].hasSuffix(
        "annotations[0] (id 1): image_id: 99 is no image of the file, left out (and 1 more of 3 annotations like it)"))
    let truth = try COCOGroundTruthFile(Data(folder.json.utf8), file: "a.json")
    #expect(truth.annotations.map(\.identifier) == [.number(2)] && truth.warnings.count == 1)
    folder["annotations"] = "[\(COCODirectory.annotation(1, image: 99)), \(COCODirectory.annotation(3, image: 98))]"
    let error = try #require(throws: DatasetError.self) { try folder.read() }
    #expect(error.reason == "image_id: 99 is no image of the file, and so it is with all 2 annotations", "\(error)")
  }

  // MARK: Pascal VOC

  private func voc(_ objects: String, root: String = "annotation", size: String = "") throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let folder = try YOLODirectory()
    try folder.write(image: "a.png")
    for name in ["JPEGImages", "Annotations", "ImageSets/Main"] {
      try FileManager.default.createDirectory(
        atPath: "\(directory.path)/\(name)", withIntermediateDirectories: true)
    }
    try FileManager.default.copyItem(atPath: folder.root + "/a.png", toPath: directory.path + "/JPEGImages/a.png")
    try "<\(root)>\(size)\n\(objects)</\(root)>".write(
      toFile: directory.path + "/Annotations/a.xml", atomically: true, encoding: .utf8)
    try "a\n".write(toFile: directory.path + "/ImageSets/Main/train.txt", atomically: true, encoding: .utf8)
    return directory
  }

  private func read(_ directory: TemporaryDirectory) throws -> Dataset {
    try Dataset(.pascalVOC, [DatasetSource(root: directory.path, split: "train")], classes: ["ship"])
  }

  /// roLabelImg, LabelMe of MIT, Roboflow and Labelbox: what is in place of a box, and the edges around it.
  @Test(arguments: [
    (
      "<robndbox><cx>20</cx><cy>15</cy><w>10</w><h>4</h><angle>1.5707963267948966</angle></robndbox>",
      [18.0, 10, 22, 20]
    ),
    (
      "<robndbox><cx>20</cx><cy>15</cy><w>10</w><h>10</h><angle>0.7853981633974483</angle></robndbox>",
      [12.9, 7.9, 27.1, 22.1]
    ),
    (
      "<polygon><username>x</username><pt><x>3</x><y>4</y></pt><pt><x>30</x><y>5</y></pt><pt><x>9</x><y>25</y></pt></polygon>",
      [3, 4, 30, 25]
    ),
    ("<polygon><x1>3</x1><y1>4</y1><x2>30</x2><y2>5</y2><x3>9</x3><y3>25</y3></polygon>", [3, 4, 30, 25]),
  ]) func `A turned box or an outline of Pascal VOC is the box around it`(shape: String, edges: [Double]) throws {
    let dataset = try read(voc("<object><name>ship</name>\(shape)</object>"))
    let box = try #require(dataset.images[0].objects.first).pixelBox
    for (found, expected) in zip([box.xMin + 1, box.yMin + 1, box.xMax, box.yMax], edges) {
      #expect(abs(found - expected) < 0.05, "\(box)")
    }
    #expect(
      dataset.warnings.contains { $0.hasSuffix("has another shape in place of <bndbox>, the box around it is used") })
  }

  @Test func `A shape that is none is named`() throws {
    for (shape, reason) in [
      ("<robndbox><cx>20</cx></robndbox>", "<robndbox> has no <cy>"),
      ("<polygon><pt><x>1</x><y>x</y></pt></polygon>", "<y> is not a number: \"x\""),
      ("<polygon><pt><x>1</x><y>1</y></pt></polygon>", "<polygon> has 1 columns and 1 rows of points"),
      ("", "no <bndbox>"),
    ] {
      let error = try #require(throws: DatasetError.self) {
        try read(voc("<object><name>ship</name>\(shape)</object>"))
      }
      #expect(error.line == 2 && error.object == "object 1 (ship)" && error.reason == reason, "\(error)")
    }
  }

  private static func box(_ numbers: [Int]) -> String {
    let edges = zip(["xmin", "ymin", "xmax", "ymax"], numbers).map { "<\($0)>\($1)</\($0)>" }.joined()
    return "<object><name>ship</name><difficult>Unknown</difficult><bndbox>\(edges)</bndbox></object>\n"
  }

  @Test func `Boxes that are places and sizes are an error, a slip is not`() throws {
    let error = try #require(throws: DatasetError.self) {
      try read(voc(Self.box([20, 5, 10, 8]) + Self.box([5, 5, 10, 8])))
    }
    #expect(
      error.line == 2
        && error.reason.hasSuffix(
          "ends before it begins, like 1 of all 2 boxes: the numbers must be xmin, ymin, xmax, ymax; are they x, y, width, height?"
        ), "\(error)")
    let boxes = Self.box([20, 5, 10, 8]) + Self.box([5, 5, 10, 8]) + Self.box([5, 5, 20, 8])
    #expect(try read(voc(boxes)).images[0].objects.count == 2)
  }

  @Test func `Capitals and words for nothing are no fault`() throws {
    let size = "<size><width>None</width><height>NaN</height></size>"
    let dataset = try read(voc(Self.box([5, 5, 10, 8]), root: "Annotation", size: size))
    #expect(dataset.images[0].objects.count == 1 && dataset.warnings.count == 1)
    #expect(dataset.warnings[0].contains("state no size"))
  }

  @Test func `Annotations that have no class say why`() throws {
    for (objects, reason) in [
      ("<object><name>ship</name></object>", "no <bndbox>"), ("<object>&</object>", "not well-formed XML"),
      ("<objects>\(Self.box([1, 1, 5, 5]))</objects>", "<object> is inside <objects>"),
      ("", "no annotation has an object"),
    ] {
      let directory = try voc(objects)
      let error = try #require(throws: DatasetError.self) { try DatasetPlace(directory.path).classNames() }
      #expect(error.file.hasPrefix(directory.path + "/Annotations") && error.reason.hasPrefix(reason), "\(error)")
    }
  }

  /// Programs copy the declaration, and write UTF-8 below it.
  @Test(arguments: ["gb2312", "windows-1252", "ISO-8859-1", "shift_jis"])
  func `Text is read as what it is, whatever it declares`(encoding: String) throws {
    let directory = try voc(Self.box([5, 5, 10, 8]), size: "<path>C:/图片/größe.jpg</path>")
    let file = directory.path + "/Annotations/a.xml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try ("<?xml version=\"1.0\" encoding=\"\(encoding)\"?>" + text).write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try read(directory).images[0].objects.count == 1)
  }

  // MARK: YOLO

  @Test func `A background among the names is no class`() throws {
    let folder = try YOLODirectory(
      labels: "1 0.5 0.5 0.2 0.2\n", yaml: "train: images/train\nnames: [background, cat, dog]\n")
    let dataset = try folder.read()
    #expect(dataset.classNames == ["cat", "dog"] && dataset.images[0].objects.map(\.groundTruth.label) == [1])
    #expect(
      dataset.warnings == [
        "\(folder.root)/data.yaml: \"background\" is no class, left out: what is not annotated is background"
      ])
  }

  @Test func `Boxes without the points that other lines have are boxes`() throws {
    let folder = try YOLODirectory(
      labels: "0 0.5 0.5 0.2 0.2\n1 0.25 0.25 0.2 0.2 0.1 0.1 2 0.3 0.3 2\n",
      yaml: "train: images/train\nkpt_shape: [2, 3]\n\(YOLODirectory.names)")
    #expect(try folder.read().images[0].objects.map(\.groundTruth.label) == [1, 2])
  }

  @Test func `A description may merge what it names elsewhere`() throws {
    let yaml = """
      a: &a {train: images/train, names: [x, y, z]}
      b: &b
        <<: *a
        val: images/train
      <<: [*b, {test: images/none}]
      names: [cat, dog, zebra]

      """
    let folder = try YOLODirectory(labels: Self.label, yaml: yaml)
    #expect(try folder.read("val").classNames == ["cat", "dog", "zebra"])
    #expect(folder.error("test")?.reason.contains("there is no images/none in ") == true)
  }

  @Test func `Names of images and labels may be escaped, or composed otherwise`() throws {
    let composed = "größe é".precomposedStringWithCanonicalMapping
    let decomposed = composed.decomposedStringWithCanonicalMapping
    for (image, label) in [("a b#1", "a%20b%231"), ("a%20b", "a b"), (composed, decomposed), (decomposed, composed)] {
      let folder = try YOLODirectory()
      try folder.write(image: "images/train/\(image).png")
      try folder.write(Self.label, to: "labels/train/\(label).txt")
      #expect(try folder.read().images.map(\.objects.count) == [2], "\(image)")
    }
  }

  private static let label = "0 0.5 0.5 0.2 0.2\n2 0.25 0.25 0.2 0.2\n"

  @Test func `Numbers of one name are one class`() throws {
    let folder = try YOLODirectory(labels: Self.label, yaml: "train: images/train\nnames: [slow, cat, slow]\n")
    let dataset = try folder.read()
    #expect(dataset.classNames == ["slow", "cat"])
    #expect(dataset.images[0].objects.map(\.groundTruth.label) == [1, 1])
    #expect(
      dataset.warnings == ["\(folder.root)/data.yaml: \"slow\" is the name of the numbers 0, 2, taken as one class"])
  }

  @Test(arguments: ["nc: '3'", "nc: 3.0", "nc:", "nc: null"]) func `The number of classes may be written otherwise`(
    line: String
  ) throws {
    let folder = try YOLODirectory(
      labels: Self.label, yaml: "train: images/train\n\(YOLODirectory.names)\(line)\n")
    #expect(try folder.read().classNames == ["cat", "dog", "zebra"])
  }

  /// Only what can be an alias counts.
  @Test func `Stars in comments and texts are no aliases`() throws {
    let stars = (1...20).map { "*a\($0)" }
    let folder = try YOLODirectory(
      labels: Self.label,
      yaml: """
        # see \(stars.joined(separator: " "))
        train: images/train
        names: ["*1star", '*2star', zebra]
        download: |
          def f(\(stars.joined(separator: ", "))):
            \(stars.joined(separator: "\n    "))
        note: 3 \(stars.joined(separator: " 4 "))

        """)
    #expect(try folder.read().classNames == ["*1star", "*2star", "zebra"])
  }

  @Test(arguments: [
    "[\n\(Array(repeating: "*a", count: 20).joined(separator: ",\n"))]",
    "[ \"x\n  y: |\n  \", \(Array(repeating: "*a", count: 20).joined(separator: ", "))]",
    "[\"x #\", \(Array(repeating: "*a", count: 20).joined(separator: ", "))]",
    "\n" + Array(repeating: "- *a\n", count: 20).joined(),
  ]) func `Aliases are counted wherever they are`(list: String) throws {
    let folder = try YOLODirectory(
      labels: Self.label, yaml: "train: images/train\n\(YOLODirectory.names)a: &a [x, y]\nb: \(list)\n")
    #expect(folder.error()?.reason == "has more than 16 aliases (*name): write out what they stand for")
  }

  @Test func `A description of any name is one, faulty or not`() throws {
    let folder = try YOLODirectory(labels: Self.label, yaml: nil)
    try folder.write("train: images/train\nval: images/train\nnc: 3\nnames: [a, b]\n", to: "pets.yaml")
    for path in [folder.root, folder.root + "/pets.yaml"] {
      let error = try #require(throws: DatasetError.self) { try DatasetPlace(path) }
      #expect(error.description.hasPrefix("\(folder.root)/pets.yaml:3: nc: 3, but names has 2"), "\(error)")
      #expect(throws: error) { try folder.read(root: path) }
    }
    // One of another program is none.
    try folder.write("name: [broken\n", to: "ci.yaml")
    try folder.write("train: images/train\nnames: [a, b, c]\n", to: "pets.yaml")
    #expect(try DatasetPlace(folder.root).splits == ["train"])
  }

  /// Roboflow's export for Darknet, and the layouts of Label Studio and LabelImg, which have no list of images.
  @Test func `Names beside the images are found, and one split that is all`() throws {
    let folder = try YOLODirectory(yaml: nil)
    try folder.write(image: "train/a.png")
    try folder.write(Self.label, to: "train/a.txt")
    try folder.write("cat\ndog\nzebra\n", to: "train/_darknet.labels")
    #expect(try folder.read().classNames == ["cat", "dog", "zebra"])
    let other = try YOLODirectory(yaml: nil)
    try other.write(image: "images/a.png")
    try other.write(Self.label, to: "labels/a.txt")
    try other.write("cat\ndog\nzebra\n", to: "classes.txt")
    #expect(try DatasetPlace(other.root).splits == ["."])
  }

  @Test func `A path that is not there is told where it matters`() throws {
    let folder = try YOLODirectory(
      labels: Self.label, yaml: "path: pets\ntrain: images/other\n\(YOLODirectory.names)")
    let error = try #require(folder.error())
    #expect(error.reason.contains("there is no images/other in \(folder.root)"), "\(error)")
    #expect(
      error.reason.hasSuffix("; path: there is no directory pets; \(folder.root) is taken in its place"), "\(error)")
  }
}
