import Foundation
import Images

/// Small data sets in the layouts of annotation programs, under the names that `docs/custom-data.md` has for them.
struct ExportedData {
  /// The directory in which they are made.
  let directory: String

  private static let width = 80
  private static let height = 60
  private static let names = (1...8).map { "street\($0)x" }

  /// Makes all of them.
  func make() throws {
    try makeVOC("photos", Self.names, images: "", annotations: "")
    try makeVOC("raccoon", (1...8).map { "raccoon-\($0)" }, images: "images", annotations: "annotations")
    let versions = (1...4).flatMap { picture in ["0a", "1b"].map { "street\(picture)x_jpg.rf.\($0)" } }
    let parts = [("train", versions[0..<4]), ("valid", versions[4..<6]), ("test", versions[6..<8])]
    for (part, names) in parts {
      try makeVOC("roboflow-voc", names.map { "\(part)/\($0)" }, images: "", annotations: "")
      let categories = [(0, "pets"), (1, "cat"), (2, "dog")]
      try makeCOCO(
        "roboflow-coco/\(part)/_annotations.coco.json", images: "roboflow-coco/\(part)", Array(names), categories)
    }
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
    try makeVOC("vott", Self.names, images: "JPEGImages", annotations: "Annotations")
    for (index, name) in ["cat", "dog"].enumerated() {
      let lines = Self.names.enumerated().map { "\($1).jpg \($0 % 2 == index ? 1 : -1)\n" }
      try write(lines.prefix(6).joined(), to: "vott/ImageSets/Main/\(name)_train.txt")
      try write(lines.suffix(2).joined(), to: "vott/ImageSets/Main/\(name)_val.txt")
    }
  }

  private func makeVOC(_ root: String, _ names: [String], images: String, annotations: String) throws {
    for (index, name) in names.enumerated() {
      try write(picture: "\(root)/\(images)/\(name).jpg", index)
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
            <name>\(index % 2 == 0 ? "cat" : "dog")</name><pose>Unspecified</pose>
            <truncated>0</truncated><difficult>0</difficult>
            <bndbox><xmin>\(left)</xmin><ymin>\(top)</ymin><xmax>\(left + 39)</xmax><ymax>\(top + 29)</ymax></bndbox>
          </object>
        </annotation>
        """
      try write(annotation, to: "\(root)/\(annotations)/\(name).xml")
    }
  }

  private func makeCOCO(
    _ file: String, images: String, _ names: [String], _ categories: [(id: Int, name: String)], prefix: String = ""
  ) throws {
    // The group that Roboflow puts first has no object.
    let used = categories.suffix(2).map(\.id)
    var (pictures, objects) = ([String](), [String]())
    for (index, name) in names.enumerated() {
      try write(picture: "\(images)/\(name).jpg", index)
      pictures.append(
        #"{"id": \#(index), "file_name": "\#(prefix)\#(name).jpg", "width": \#(Self.width), "height": \#(Self.height)}"#
      )
      objects.append(
        #"{"id": \#(index), "image_id": \#(index), "category_id": \#(used[index % 2]), "bbox": [\#(5 + index), 4.5, 40, 30], "area": 1200, "segmentation": [], "iscrowd": 0}"#
      )
    }
    let list = categories.map { #"{"id": \#($0.id), "name": "\#($0.name)", "supercategory": "none"}"# }
    try write(
      #"{"info": {}, "licenses": [], "categories": [\#(list.joined(separator: ", "))], "images": [\#(pictures.joined(separator: ", "))], "annotations": [\#(objects.joined(separator: ", "))]}"#,
      to: file)
  }

  /// A picture that is like no other of the data set.
  private func write(picture file: String, _ index: Int) throws {
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
