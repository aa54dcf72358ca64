import Datasets
import Foundation
import Images
import TestSupport

/// A data set in COCO's layout in a temporary directory: two images of 40×30 pixels in `train2017`, three categories whose
/// ids have gaps, and annotations as given.
final class COCODirectory {
  private let directory: TemporaryDirectory
  var root: String { directory.path }
  /// The text of each section of the file; change one to break it.
  var sections: [(key: String, value: String)] = [
    ("info", #"{"description": "brackets in text: ]}, \"quoted\" {["}"#),
    ("images", "[\(COCODirectory.image(7, "b.png")), \(COCODirectory.image(3, "a.png"))]"),
    ("annotations", "[]"),
    (
      "categories",
      #"[{"id": 9, "name": "zebra"}, {"id": 2, "name": "cat", "supercategory": "animal"}, {"id": 5, "name": "dog"}]"#
    ),
  ]

  init(annotations: [String] = [], images: [String] = ["a.png", "b.png"]) throws {
    directory = try TemporaryDirectory()
    for folder in ["annotations", "train2017"] {
      try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
    }
    self["annotations"] = "[\(annotations.joined(separator: ",\n"))]"
    for name in images { try write(image: name) }
  }

  subscript(key: String) -> String? {
    get { sections.first { $0.key == key }?.value }
    set {
      let index = sections.firstIndex { $0.key == key }!
      if let newValue { sections[index].value = newValue } else { sections.remove(at: index) }
    }
  }

  var json: String { "{" + sections.map { "\"\($0)\": \($1)" }.joined(separator: ",\n") + "}" }
  func path(_ split: String = "train2017") -> String { "\(root)/annotations/instances_\(split).json" }

  static func image(_ id: Int, _ name: String, width: Int = 40, height: Int = 30) -> String {
    #"{"license": 1, "id": \#(id), "file_name": "\#(name)", "width": \#(width), "height": \#(height)}"#
  }

  /// A record as in COCO, with an outline, which has to be passed over.
  static func annotation(
    _ id: Int, image: Int = 3, category: Int = 5, box: String = "[1, 2, 10, 20]", more: String = ", \"iscrowd\": 0"
  ) -> String {
    #"{"segmentation": [[1.5, 2, 11, 2.25]], "id": \#(id), "image_id": \#(image), "category_id": \#(category), "#
      + #""bbox": \#(box)\#(more)}"#
  }

  func write(image name: String, in folder: String = "train2017", width: Int = 40, height: Int = 30) throws {
    try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
    let shade = UInt8(name.utf8.reduce(0) { ($0 * 31 + Int($1)) % 251 })
    let picture = Image(width: width, height: height, pixels: Array(repeating: shade, count: width * height * 3))
    try picture.writePNG(to: "\(root)/\(folder)/\(name)")
  }

  func write(_ text: String? = nil, to path: String? = nil) throws {
    try (text ?? json).write(toFile: path ?? self.path(), atomically: true, encoding: .utf8)
  }

  /// Writes the file and reads it.
  func read(classes: [String]? = nil, faults: FaultLog.Policy = .stopAtFirstError) throws -> Dataset {
    try write()
    return try Dataset(.coco, [DatasetSource(root: root, split: "train2017")], classes: classes, faults: faults)
  }
}
