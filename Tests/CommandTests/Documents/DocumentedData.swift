import Foundation
import Images
import TestSupport

/// Small data sets in the layouts of annotation programs and of published data, under the names that the documents have for them.
struct DocumentedData {
  /// The directory in which they are made.
  let directory: String

  private static let width = 80
  private static let height = 60
  private static let names = (1...8).map { "street\($0)x" }

  private static let vocClasses = ["aeroplane", "bicycle", "bird", "person"]

  /// Makes all of them.
  func make() throws {
    try makeExports()
    try makePublishedData()
    // An image to detect in, the hosts of a cluster, and what the scripts for PyTorch leave.
    try write(image: "street.jpg", 0)
    try write("localhost slots=2\n", to: "hosts.txt")
    try write("[]", to: "runs/torchvision/detections.json")
  }

  /// Data sets that others have published, with another content.
  private func makePublishedData() throws {
    let names = (1...8).map { "00000\($0)" }
    for root in ["data/VOCdevkit/VOC2007", "data/VOCdevkit/VOC2012", "data/VOC2007-mini"] {
      try makeDividedVOC(root, names, classes: Self.vocClasses)
    }
    try makeDividedVOC("data/BCCD", (201...208).map { "BloodImage_00\($0)" }, classes: ["RBC", "WBC", "Platelets"])
    // The configuration lists the categories.
    let configuration = try String(
      contentsOfFile: ChildProcess.repository + "/configs/ssd300-vgg16-coco.yaml", encoding: .utf8)
    let list = configuration.firstMatch(of: #/classes: \[([^\]]*)\]/#)?.output.1 ?? ""
    let categories = list.split(separator: ",").enumerated().map { index, name in
      (id: index + 1, name: name.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    for split in ["train2017", "val2017"] {
      try makeCOCO("data/coco/annotations/instances_\(split).json", images: "data/coco/\(split)", names, categories)
    }
  }

  /// With lists of images to train on and to test on.
  private func makeDividedVOC(_ root: String, _ names: [String], classes: [String]) throws {
    try makeVOC(root, names, images: "JPEGImages", annotations: "Annotations", classes: classes)
    for (split, names) in [("trainval", names.prefix(6)), ("test", names.suffix(2))] {
      try write(names.map { $0 + "\n" }.joined(), to: "\(root)/ImageSets/Main/\(split).txt")
    }
  }

  /// What annotation programs export.
  private func makeExports() throws {
    try makeVOC("photos", Self.names, images: "", annotations: "")
    try makeVOC("raccoon", (1...8).map { "raccoon-\($0)" }, images: "images", annotations: "annotations")
    let versions = (1...4).flatMap { image in ["0a", "1b"].map { "street\(image)x_jpg.rf.\($0)" } }
    let parts = [("train", versions[0..<4]), ("valid", versions[4..<6]), ("test", versions[6..<8])]
    for (part, names) in parts {
      try makeVOC("roboflow-voc", names.map { "\(part)/\($0)" }, images: "", annotations: "")
      let categories = [(0, "pets"), (1, "cat"), (2, "dog")]
      try makeCOCO(
        "roboflow-coco/\(part)/_annotations.coco.json", images: "roboflow-coco/\(part)", Array(names), categories)
    }
    for (part, names) in parts {
      try makeYOLO("roboflow-yolo", Array(names), images: "\(part)/images", labels: "\(part)/labels")
    }
    try write(
      "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 2\nnames: ['cat', 'dog']\n",
      to: "roboflow-yolo/data.yaml")
    let frames = (1...3).map { "film/frame_00000\($0)" } + (1...5).map { "street/photo\($0)x" }
    try makeVOC("cvat-voc", frames, images: "JPEGImages", annotations: "Annotations")
    try write(frames.map { $0 + "\n" }.joined(), to: "cvat-voc/ImageSets/Main/default.txt")
    let categories = [(1, "cat"), (2, "dog")]
    try makeCOCO(
      "cvat-coco/annotations/instances_default.json", images: "cvat-coco/images/default", Self.names, categories)
    let uploads = Self.names.enumerated().map { "0a1b2c3\($0)-\($1)" }
    try makeVOC("label-studio-voc", uploads, images: "images", annotations: "Annotations")
    try makeCOCO(
      "label-studio-coco/result.json", images: "label-studio-coco/images", uploads, [(0, "cat"), (1, "dog")],
      prefix: "images/")
    for (root, names, images, labels) in [
      ("photos-yolo", Self.names, ".", "."), ("label-studio-yolo", uploads, "images", "labels"),
    ] {
      try makeYOLO(root, names, images: images, labels: labels)
      try write("cat\ndog\n", to: "\(root)/classes.txt")
    }
    for (part, names) in [("train", Self.names.prefix(6)), ("val", Self.names.suffix(2))] {
      try makeYOLO("ultralytics", Array(names), images: "images/\(part)", labels: "labels/\(part)")
    }
    try write(
      "path: ultralytics\ntrain: images/train\nval: images/val\nnames: {0: cat, 1: dog}\n", to: "ultralytics/data.yaml")
    try makeVOC("vott", Self.names, images: "JPEGImages", annotations: "Annotations")
    for (index, name) in ["cat", "dog"].enumerated() {
      let lines = Self.names.enumerated().map { "\($1).jpg \($0 % 2 == index ? 1 : -1)\n" }
      try write(lines.prefix(6).joined(), to: "vott/ImageSets/Main/\(name)_train.txt")
      try write(lines.suffix(2).joined(), to: "vott/ImageSets/Main/\(name)_val.txt")
    }
  }

  private func makeVOC(
    _ root: String, _ names: [String], images: String, annotations: String, classes: [String] = ["cat", "dog"]
  ) throws {
    for (index, name) in names.enumerated() {
      try write(image: "\(root)/\(images)/\(name).jpg", index)
      let (left, top) = (5 + index, 4 + index)
      let annotation = """
        <annotation verified="yes">
          <folder>\(root)</folder>
          <filename>\(name.split(separator: "/").last!).jpg</filename>
          <path>C:\\pictures\\\(name).jpg</path>
          <source><database>Unknown</database></source>
          <size><width>\(Self.width)</width><height>\(Self.height)</height><depth>3</depth></size>
          <segmented>0</segmented>
          <object>
            <name>\(classes[index % classes.count])</name><pose>Unspecified</pose>
            <truncated>0</truncated><difficult>0</difficult>
            <bndbox><xmin>\(left)</xmin><ymin>\(top)</ymin><xmax>\(left + 39)</xmax><ymax>\(top + 29)</ymax></bndbox>
          </object>
        </annotation>
        """
      try write(annotation, to: "\(root)/\(annotations)/\(name).xml")
    }
  }

  private func makeYOLO(_ root: String, _ names: [String], images: String, labels: String) throws {
    for (index, name) in names.enumerated() {
      try write(image: "\(root)/\(images)/\(name).jpg", index)
      let (x, y) = (Double(25 + index) / Double(Self.width), Double(19 + index) / Double(Self.height))
      try write(
        "\(index % 2) \(String(format: "%.6f %.6f", x, y)) 0.500000 0.500000\n", to: "\(root)/\(labels)/\(name).txt")
    }
  }

  private func makeCOCO(
    _ file: String, images: String, _ names: [String], _ categories: [(id: Int, name: String)], prefix: String = ""
  ) throws {
    // The group that Roboflow puts first has no object.
    let used = categories.suffix(2).map(\.id)
    var (records, objects) = ([String](), [String]())
    for (index, name) in names.enumerated() {
      try write(image: "\(images)/\(name).jpg", index)
      records.append(
        #"{"id": \#(index), "file_name": "\#(prefix)\#(name).jpg", "width": \#(Self.width), "height": \#(Self.height)}"#
      )
      objects.append(
        #"{"id": \#(index), "image_id": \#(index), "category_id": \#(used[index % 2]), "bbox": [\#(5 + index), 4.5, 40, 30], "area": 1200, "segmentation": [], "iscrowd": 0}"#
      )
    }
    let list = categories.map { #"{"id": \#($0.id), "name": "\#($0.name)", "supercategory": "none"}"# }
    try write(
      #"{"info": {}, "licenses": [], "categories": [\#(list.joined(separator: ", "))], "images": [\#(records.joined(separator: ", "))], "annotations": [\#(objects.joined(separator: ", "))]}"#,
      to: file)
  }

  /// An image that is like no other of the data set.
  private func write(image file: String, _ index: Int) throws {
    let path = try parent(file)
    let shade = file.utf8.reduce(0) { ($0 * 31 + Int($1)) % 251 }
    let pixels = (0..<Self.width * Self.height * 3).map { UInt8(($0 / 3 * (index + 1) + shade) % 251) }
    try Image(width: Self.width, height: Self.height, pixels: pixels).writeJPEG(to: path, quality: 90)
  }

  private func write(_ text: String, to file: String) throws {
    try text.write(toFile: parent(file), atomically: true, encoding: .utf8)
  }

  /// The path of a file, whose directory is made.
  private func parent(_ file: String) throws -> String {
    let url = URL(fileURLWithPath: "\(directory)/\(file)").standardizedFileURL
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    return url.path
  }
}
