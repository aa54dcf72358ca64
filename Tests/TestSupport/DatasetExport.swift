import Datasets
import Foundation

/// Writes a data set as annotation programs export it: the same images and boxes in the files and places of each.
///
/// Images are links to those of the data set. Boxes are written as they are, with as many digits as the program writes; nothing
/// is marked as difficult, which YOLO cannot.
package struct DatasetExport: Sendable {
  /// A program, and the format that is chosen there.
  package enum Kind: String, CaseIterable, Sendable {
    case ultralytics, roboflowYOLO, labelStudioYOLO, labelImgYOLO, darknet
    case roboflowCOCO, cvatCOCO, labelStudioCOCO
    case cvatVOC
  }

  package let kind: Kind
  /// Where the export is.
  package let root: String
  private let dataset: Dataset

  package init(_ dataset: Dataset, as kind: Kind, to root: String) throws {
    (self.dataset, self.kind, self.root) = (dataset, kind, root)
    switch kind {
    case .ultralytics:
      try writeYOLO(images: "images/train", labels: "labels/train")
      try write("path: .\ntrain: images/train\nval: images/train\nnames:\n\(numbered)", to: "data.yaml")
    case .roboflowYOLO:
      try writeYOLO(images: "train/images", labels: "train/labels", digits: 17)
      let names = dataset.classNames.map { "'\($0)'" }.joined(separator: ", ")
      try write(
        "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: \(dataset.classNames.count)\nnames: [\(names)]\n\nroboflow:\n  workspace: w\n  version: 1\n",
        to: "data.yaml")
    case .labelStudioYOLO:
      try writeYOLO(images: "images", labels: "labels", digits: 17)
      try write(dataset.classNames.joined(separator: "\n"), to: "classes.txt")
      try write(#"{"categories": []}"#, to: "notes.json")
    case .labelImgYOLO:
      try writeYOLO(images: ".", labels: ".")
      try write(lines(dataset.classNames), to: "classes.txt")
    case .darknet:
      try writeYOLO(images: "obj_train_data", labels: "obj_train_data")
      try write("classes = 6\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n", to: "obj.data")
      try write(lines(dataset.classNames), to: "obj.names")
      try write(lines(dataset.images.map { "data/obj_train_data/\(name($0)).jpg" }), to: "train.txt")
    case .roboflowCOCO:
      try writeCOCO("train/_annotations.coco.json", images: "train", firstCategory: 1, group: "shapes")
    case .cvatCOCO: try writeCOCO("annotations/instances_default.json", images: "images/default", firstCategory: 1)
    case .labelStudioCOCO: try writeCOCO("result.json", images: "images", firstCategory: 0, prefix: "images/")
    case .cvatVOC: try writeVOC()
    }
  }

  package var format: DatasetFormat {
    switch kind {
    case .ultralytics, .roboflowYOLO, .labelStudioYOLO, .labelImgYOLO, .darknet: .yolo
    case .roboflowCOCO, .cvatCOCO, .labelStudioCOCO: .coco
    case .cvatVOC: .pascalVOC
    }
  }

  /// The split that has all images.
  package var split: String {
    switch kind {
    case .ultralytics, .roboflowYOLO, .darknet, .roboflowCOCO: "train"
    case .labelStudioYOLO, .labelImgYOLO: "."
    case .cvatCOCO, .cvatVOC: "default"
    case .labelStudioCOCO: "result.json"
    }
  }

  /// The lines under `data` of a configuration that trains on the export.
  package var keys: String {
    "format: \(format.rawValue), root: \(root), train_split: \(split), evaluation_split: null"
  }

  /// Whether `keys` leave the names of the classes to the data.
  package var namesClasses: Bool { kind != .cvatVOC }

  private var numbered: String { dataset.classNames.enumerated().map { "  \($0): \($1)\n" }.joined() }

  private func lines(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

  private func name(_ image: AnnotatedImage) -> String {
    URL(fileURLWithPath: image.imagePath).deletingPathExtension().lastPathComponent
  }

  /// - Parameter digits: behind the point; 17 for all that a number has.
  private func writeYOLO(images: String, labels: String, digits: Int = 6) throws {
    for image in dataset.images {
      try link(image, in: images)
      let (width, height) = (Double(image.width), Double(image.height))
      let text = image.objects.map { object in
        let box = object.pixelBox
        let numbers = [
          (box.xMin + box.xMax) / 2 / width, (box.yMin + box.yMax) / 2 / height, (box.xMax - box.xMin) / width,
          (box.yMax - box.yMin) / height,
        ].map { digits == 17 ? "\($0)" : String(format: "%.\(digits)f", $0) }
        return "\(object.groundTruth.label - 1) \(numbers.joined(separator: " "))"
      }
      try write(text.joined(separator: "\n"), to: "\(labels)/\(name(image)).txt")
    }
  }

  private func writeCOCO(
    _ file: String, images: String, firstCategory: Int, prefix: String = "", group: String? = nil
  ) throws {
    var objects: [[String: Any]] = []
    for (index, image) in dataset.images.enumerated() {
      try link(image, in: images)
      for object in image.objects {
        let box = object.pixelBox
        objects.append([
          "id": objects.count + 1, "image_id": index, "category_id": object.groundTruth.label - 1 + firstCategory,
          "bbox": [box.xMin, box.yMin, box.xMax - box.xMin, box.yMax - box.yMin], "area": box.area, "iscrowd": 0,
        ])
      }
    }
    let categories = dataset.classNames.enumerated().map { index, name in
      ["id": index + firstCategory, "name": name, "supercategory": group ?? ""] as [String: Any]
    }
    let groups = group.map { [["id": 0, "name": $0, "supercategory": "none"] as [String: Any]] } ?? []
    let records = dataset.images.enumerated().map { index, image in
      ["id": index, "file_name": "\(prefix)\(name(image)).jpg", "width": image.width, "height": image.height]
        as [String: Any]
    }
    let content: [String: Any] = ["images": records, "annotations": objects, "categories": groups + categories]
    try write(String(decoding: JSONSerialization.data(withJSONObject: content), as: UTF8.self), to: file)
  }

  private func writeVOC() throws {
    for image in dataset.images {
      try link(image, in: "JPEGImages")
      let objects = image.objects.map { object in
        let box = object.pixelBox
        let edges = [("xmin", box.xMin + 1), ("ymin", box.yMin + 1), ("xmax", box.xMax), ("ymax", box.yMax)]
        let name = dataset.classNames[object.groundTruth.label - 1]
        return
          "<object><name>\(name)</name><occluded>0</occluded><bndbox>\(edges.map { "<\($0)>\($1)</\($0)>" }.joined())</bndbox></object>"
      }
      try write(
        "<annotation><filename>\(name(image)).jpg</filename><size><width>\(image.width)</width><height>\(image.height)</height></size>\(objects.joined())</annotation>",
        to: "Annotations/\(name(image)).xml")
    }
    try write(lines(dataset.images.map(name)), to: "ImageSets/Main/default.txt")
  }

  private func link(_ image: AnnotatedImage, in directory: String) throws {
    let place = "\(root)/\(directory)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: "\(place)/\(name(image)).jpg", withDestinationPath: image.imagePath)
  }

  private func write(_ text: String, to file: String) throws {
    let url = URL(fileURLWithPath: "\(root)/\(file)").standardizedFileURL
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: url, atomically: true, encoding: .utf8)
  }
}
