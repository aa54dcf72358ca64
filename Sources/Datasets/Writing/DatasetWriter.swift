import Files
import Foundation
import Images

/// Writes a data set in one of the layouts that can be read: splits, one after the other, then what they have in common.
///
/// Images are other names of the same files where the file system allows it (hard links), else copies; they keep the names that they
/// have in the data set.
package struct DatasetWriter {
  /// What does not go into the format as it is: how many objects, by what becomes of them.
  package private(set) var losses: [String: Int] = [:]
  /// Images and objects of each split, in the order in which they were written.
  package private(set) var counts: [(split: String, images: Int, objects: Int)] = []

  private let format: DatasetFormat
  private let target: String
  /// Where everything is until it is complete.
  private let directory: String
  private let classNames: [String]
  /// The images that are there, by the names that they have.
  private var written: [String: String] = [:]

  /// Begins a data set in a directory, which must be empty or not exist.
  ///
  /// - Throws: `FileError` when it has files, or cannot be made.
  package init(_ format: DatasetFormat, to directory: String, classNames: [String]) throws(FileError) {
    (self.format, self.classNames) = (format, classNames)
    target = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
    if FileManager.default.fileExists(atPath: target) {
      guard try Directory.fileNames(in: target).isEmpty else {
        throw FileError(target, "is not empty; a data set is written into a directory of its own")
      }
    }
    let url = URL(fileURLWithPath: target)
    self.directory = url.deletingLastPathComponent().path + "/.\(url.lastPathComponent).\(getpid()).partial"
    try Directory.create(self.directory)
  }

  /// Removes what was written so far.
  package func discard() { try? FileManager.default.removeItem(atPath: directory) }

  /// Writes the images and annotations of a split.
  ///
  /// - Parameters:
  ///   - dataset: has the classes that this was begun with.
  ///   - split: its name, of which there is no other.
  /// - Throws: `FileError`, `ImageError`.
  package mutating func write(_ dataset: Dataset, split: String) throws {
    let names = try dataset.images.map { try place($0, split: split) }
    switch format {
    case .pascalVOC: try writePascalVOC(dataset, names, split)
    case .coco: try writeCOCO(dataset, names, split)
    case .yolo: try writeYOLO(dataset, names, split)
    }
    counts.append((split, dataset.images.count, dataset.images.reduce(0) { $0 + $1.objects.count }))
  }

  /// Writes what tells programs of the whole, the description of YOLO data, and gives the directory its name.
  ///
  /// - Throws: `FileError`.
  package func finish() throws {
    if format == .yolo { try writeDescription() }
    try Directory.rename(directory, to: target)
  }

  private func writeDescription() throws(FileError) {
    let splits = counts.map(\.split)
    func first(of names: [String]) -> String? { names.first(where: splits.contains) }
    let train =
      first(of: ["train", "trainval"]) ?? splits.first { !["val", "valid", "validation", "test"].contains($0) }
    let validation = first(of: ["val", "valid", "validation"])
    var lines = ["path: ."]
    // Programs want something to validate on.
    let keys = [
      ("train", train), ("val", validation ?? first(of: ["test"])),
      ("test", validation == nil ? nil : first(of: ["test"])),
    ]
    for (key, name) in keys {
      if let name { lines.append("\(key): \(JSONLiteral("\(name).txt"))") }
    }
    lines.append("names:")
    lines += classNames.enumerated().map { "  \($0): \(JSONLiteral($1))" }
    try write(lines, to: "data.yaml")
  }

  /// The keys of `data` in a configuration that trains on what was written.
  package var keys: [String] {
    let splits = counts.map(\.split)
    let train = ["trainval", "train"].first(where: splits.contains) ?? splits[0]
    let evaluation = ["test", "val", "valid", "validation"].first { splits.contains($0) && $0 != train }
    func named(_ split: String) -> String { JSONLiteral(format == .yolo ? "\(split).txt" : split).description }
    return [
      "format: \(format.rawValue)", "root: \(JSONLiteral(target))", "train_split: \(named(train))",
      "evaluation_split: \(evaluation.map(named) ?? "null")",
      "classes: [\(classNames.map { JSONLiteral($0).description }.joined(separator: ", "))]",
    ]
  }

  private mutating func lose(_ what: String) { losses[what, default: 0] += 1 }

  // MARK: Images

  private var imageDirectory: String { format == .pascalVOC ? "JPEGImages" : "images" }

  /// The name of an image in what is written, without extension, and its file; it is there then.
  private mutating func place(_ image: AnnotatedImage, split: String) throws -> (stem: String, file: String) {
    let name = URL(fileURLWithPath: image.imagePath).lastPathComponent
    let ending = FileIndex.extension(of: name)
    // A directory called images in the path would lead readers of YOLO labels elsewhere.
    let parts = image.identifier.split(separator: "/").filter { $0 != "." && $0 != ".." }
      .map { format == .yolo && $0.lowercased() == "images" ? "image" : $0 }
    let identifier = parts.joined(separator: "/")
    let stem = FileIndex.extension(of: identifier) == ending ? FileIndex.stem(of: identifier) : identifier
    // Other images of the name, as those of other splits may be.
    func isFree(_ name: String) -> Bool { written[name] == nil || written[name] == image.imagePath }
    var free = stem
    var number = 1
    while !isFree(free) {
      free = number == 1 ? "\(split)/\(stem)" : "\(split)/\(stem)-\(number)"
      number += 1
    }
    let file = free + (ending.isEmpty ? "" : "." + name.suffix(ending.count))
    if written[free] != nil { return (free, file) }
    written[free] = image.imagePath
    let path = "\(directory)/\(imageDirectory)/\(file)"
    try Directory.create(URL(fileURLWithPath: path).deletingLastPathComponent().relativePath)
    try AtomicFile.replace(path, withFile: RootNames.canonical(image.imagePath))
    return (free, file)
  }

  private func write(_ lines: [String], to path: String) throws(FileError) {
    try write(lines.map { $0 + "\n" }.joined(), to: path)
  }

  private func write(_ text: String, to path: String) throws(FileError) {
    let file = "\(directory)/\(path)"
    try Directory.create(URL(fileURLWithPath: file).deletingLastPathComponent().relativePath)
    try AtomicFile.replace(file, with: text, isDurable: false)
  }

  // MARK: Formats

  private mutating func writePascalVOC(
    _ dataset: Dataset, _ names: [(stem: String, file: String)], _ split: String
  ) throws {
    for (image, name) in zip(dataset.images, names) {
      let objects = image.objects.map { object in
        if object.isCrowd { lose("crowd, marked as difficult") }
        return PascalVOCText.Object(
          name: classNames[object.groundTruth.label - 1], box: object.pixelBox,
          isDifficult: object.groundTruth.isDifficult || object.isCrowd)
      }
      let text = PascalVOCText.annotation(file: name.file, width: image.width, height: image.height, objects)
      try write(text, to: "Annotations/\(name.stem).xml")
    }
    // A name with a blank would be read as one with a class flag.
    let lines = names.map { $0.stem.contains(" ") ? "\"\($0.stem)\"" : $0.stem }
    try write(lines, to: "ImageSets/Main/\(split).txt")
  }

  private mutating func writeYOLO(
    _ dataset: Dataset, _ names: [(stem: String, file: String)], _ split: String
  ) throws {
    for (image, name) in zip(dataset.images, names) {
      // Labels are drawn on the image as people see it.
      let header = try ImageHeader(ofFile: image.imagePath)
      let (width, height) = header.isTurnedSideways ? (image.height, image.width) : (image.width, image.height)
      var lines: [String] = []
      for object in image.objects {
        if object.isCrowd {
          lose("crowd, left out")
          continue
        }
        if object.groundTruth.isDifficult { lose("difficult object, which counts like others there") }
        let box = object.pixelBox.seen(
          orientation: header.orientation, storedWidth: Double(image.width), storedHeight: Double(image.height))
        lines.append(YOLOLine.text(label: object.groundTruth.label, box, width: width, height: height))
      }
      try write(lines, to: "labels/\(name.stem).txt")
    }
    try write(names.map { "./images/\($0.file)" }, to: "\(split).txt")
  }

  private func writeCOCO(_ dataset: Dataset, _ names: [(stem: String, file: String)], _ split: String) throws {
    var text = COCOText()
    for (image, name) in zip(dataset.images, names) {
      let objects = image.objects.map { object in
        COCOText.Object(
          label: object.groundTruth.label, box: object.pixelBox, area: object.area, isCrowd: object.isCrowd,
          isDifficult: object.groundTruth.isDifficult)
      }
      text.append(file: name.file, width: image.width, height: image.height, objects)
    }
    try write([text.file(classNames: classNames)], to: "annotations/instances_\(split).json")
  }
}
