import Configuration
import Datasets
import Foundation
import Images
import TestSupport

/// A temporary directory for data sets that `multibox split` divides.
struct SplitWorkspace {
  private let directory: TemporaryDirectory
  var path: String { directory.path }

  init() throws { directory = try TemporaryDirectory() }

  func write(_ text: String, to file: String) throws {
    let url = URL(fileURLWithPath: "\(path)/\(file)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: url, atomically: true, encoding: .utf8)
  }

  /// Writes an image of 60×40 pixels, the same for the same shade.
  func write(picture file: String, shade: Int) throws {
    let url = URL(fileURLWithPath: "\(path)/\(file)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let pixels = (0..<60 * 40 * 3).map { UInt8(($0 * (shade % 7 + 1) + shade) % 251) }
    try Image(width: 60, height: 40, pixels: pixels).writePNG(to: url.path)
  }

  func annotation(_ objects: [String]) -> String {
    let list = objects.map {
      "<object><name>\($0)</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>35</xmax><ymax>30</ymax></bndbox></object>"
    }
    return "<annotation><size><width>60</width><height>40</height></size>\(list.joined())</annotation>"
  }

  func writeVOC(
    _ names: [String], images: String = "data/JPEGImages", annotations: String = "data/Annotations",
    objects: (Int) -> [String] = { _ in ["thing"] }
  ) throws {
    for (index, name) in names.enumerated() {
      try write(picture: "\(images)/\(name).png", shade: index)
      try write(annotation(objects(index)), to: "\(annotations)/\(name).xml")
    }
  }

  func split(_ arguments: String..., data: String = "data") throws -> MultiboxProcess.Outcome {
    try MultiboxProcess(["split", "\(path)/\(data)"] + arguments).wait()
  }

  func list(_ name: String, in root: String = "data") throws -> [String] {
    try String(contentsOfFile: "\(path)/\(root)/ImageSets/Main/\(name).txt", encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  /// Reads both splits by what the command printed; returns their numbers of images.
  func read(_ printed: String) throws -> [Int] { try datasets(printed).map(\.images.count) }

  /// The splits that what the command printed trains and evaluates on.
  func datasets(_ printed: String) throws -> [Dataset] {
    let configuration = try Configuration(yaml: printed, name: "printed")
    let (training, evaluation): (SplitChoice, SplitChoice?) = (
      configuration.data.trainSplit, configuration.data.evaluationSplit
    )
    return try [training, evaluation].compactMap(\.self).map { try configuration.dataset(split: $0) }
  }

  /// A file of 20 images with an object each; every other is of the second class, the last two of a third.
  func writeCOCO(_ file: String, images: String, names: [String]) throws {
    var (pictures, objects) = ([String](), [String]())
    for (index, name) in names.enumerated() {
      try write(picture: "\(images)/\(name)", shade: index)
      pictures.append(#"{"id": \#(index + 7), "file_name": "\#(name)", "width": 60, "height": 40, "note": "ü, ]"}"#)
      objects.append(
        #"{"id": \#(index + 1), "image_id": \#(index + 7), "category_id": \#(index % 2 + 3), "bbox": [5, 5.25, 30, 25], "area": 750, "iscrowd": 0}"#
      )
    }
    try write(
      #"{"info": {"year": 2024}, "images": [\#(pictures.joined(separator: ","))], "annotations": [\#(objects.joined(separator: ","))], "categories": [{"id": 3, "name": "with_mask"}, {"id": 4, "name": "no: mask"}], "licenses": []}"#,
      to: file)
  }
}
