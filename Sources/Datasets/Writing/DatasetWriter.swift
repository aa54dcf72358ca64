import Files
import Foundation

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
  private let directory: String
  private let classNames: [String]
  /// The images that are there, by where they are from.
  private var written: [String: String] = [:]

  /// Begins a data set in a directory, which must be empty or not exist.
  ///
  /// - Throws: `FileError` when it has files, or cannot be made.
  package init(_ format: DatasetFormat, to directory: String, classNames: [String]) throws(FileError) {
    (self.format, self.directory, self.classNames) = (format, directory, classNames)
    try Directory.create(directory)
    guard try Directory.fileNames(in: directory).isEmpty else {
      throw FileError(directory, "is not empty; a data set is written into a directory of its own")
    }
  }

  /// Writes the images and annotations of a split.
  ///
  /// - Parameter dataset: has the classes that this was begun with.
  /// - Throws: `FileError`.
  package mutating func write(_ dataset: Dataset, split: String) throws {
    let names = try dataset.images.map { try place($0) }
    switch format {
    case .pascalVOC: try writePascalVOC(dataset, names, split)
    case .coco: try writeCOCO(dataset, names, split)
    case .yolo: try writeYOLO(dataset, names, split)
    }
    counts.append((split, dataset.images.count, dataset.images.reduce(0) { $0 + $1.objects.count }))
  }

  /// Writes what tells programs of the whole: the description of YOLO data.
  ///
  /// - Throws: `FileError`.
  package func finish() throws {
    guard format == .yolo else { return }
    let splits = counts.map(\.split)
    func first(of names: [String]) -> String? { names.first(where: splits.contains) }
    let train =
      first(of: ["train", "trainval"]) ?? splits.first { !["val", "valid", "validation", "test"].contains($0) }
    let validation = first(of: ["val", "valid", "validation", "test"])
    var lines = ["path: ."]
    for (key, name) in [("train", train), ("val", validation), ("test", first(of: ["test"]))] {
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
      "format: \(format.rawValue)", "root: \(JSONLiteral(directory))", "train_split: \(named(train))",
      "evaluation_split: \(evaluation.map(named) ?? "null")",
      "classes: [\(classNames.map { JSONLiteral($0).description }.joined(separator: ", "))]",
    ]
  }

  private mutating func lose(_ what: String) { losses[what, default: 0] += 1 }

  // MARK: Images

  private var imageDirectory: String { format == .pascalVOC ? "JPEGImages" : "images" }

  /// The name of an image in what is written, without extension, and its file; it is there then.
  private mutating func place(_ image: AnnotatedImage) throws -> (stem: String, file: String) {
    let name = URL(fileURLWithPath: image.imagePath).lastPathComponent
    let ending = FileIndex.extension(of: name)
    let identifier = image.identifier.split(separator: "/").filter { $0 != "." && $0 != ".." }.joined(separator: "/")
    let stem = FileIndex.extension(of: identifier) == ending ? FileIndex.stem(of: identifier) : identifier
    let file = stem + (ending.isEmpty ? "" : "." + name.suffix(ending.count))
    if let earlier = written[stem] {
      guard earlier == image.imagePath else {
        throw FileError(image.imagePath, "has the name of \(earlier), \(stem): rename one of them")
      }
      return (stem, file)
    }
    written[stem] = image.imagePath
    let path = "\(directory)/\(imageDirectory)/\(file)"
    try Directory.create(URL(fileURLWithPath: path).deletingLastPathComponent().relativePath)
    try AtomicFile.replace(path, withFile: RootNames.canonical(image.imagePath))
    return (stem, file)
  }

  private func write(_ lines: [String], to path: String) throws(FileError) {
    let file = "\(directory)/\(path)"
    try Directory.create(URL(fileURLWithPath: file).deletingLastPathComponent().relativePath)
    try AtomicFile.replace(file, with: lines.map { $0 + "\n" }.joined(), isDurable: false)
  }

  // MARK: Formats

  private mutating func writePascalVOC(
    _ dataset: Dataset, _ names: [(stem: String, file: String)], _ split: String
  ) throws {
    for (image, name) in zip(dataset.images, names) {
      var lines = [
        "<annotation>", "  <filename>\(Self.escaped(name.file))</filename>",
        "  <size><width>\(image.width)</width><height>\(image.height)</height><depth>3</depth></size>",
      ]
      for object in image.objects {
        if object.isCrowd { lose("crowds, marked as difficult") }
        let box = object.pixelBox
        // Pixels count from 1 and the last one is inside.
        let edges = [("xmin", box.xMin + 1), ("ymin", box.yMin + 1), ("xmax", box.xMax), ("ymax", box.yMax)]
        lines.append(
          "  <object><name>\(Self.escaped(classNames[object.groundTruth.label - 1]))</name>"
            + "<difficult>\(object.groundTruth.isDifficult || object.isCrowd ? 1 : 0)</difficult>"
            + "<bndbox>\(edges.map { "<\($0)>\(Self.short($1))</\($0)>" }.joined())</bndbox></object>")
      }
      try write(lines + ["</annotation>"], to: "Annotations/\(name.stem).xml")
    }
    try write(names.map(\.stem), to: "ImageSets/Main/\(split).txt")
  }

  private mutating func writeYOLO(
    _ dataset: Dataset, _ names: [(stem: String, file: String)], _ split: String
  ) throws {
    for (image, name) in zip(dataset.images, names) {
      let (width, height) = (Double(image.width), Double(image.height))
      var lines: [String] = []
      for object in image.objects {
        if object.isCrowd {
          lose("crowds, left out")
          continue
        }
        if object.groundTruth.isDifficult { lose("difficult objects, which count like others there") }
        let box = object.pixelBox
        let numbers = [
          (box.xMin + box.xMax) / 2 / width, (box.yMin + box.yMax) / 2 / height, (box.xMax - box.xMin) / width,
          (box.yMax - box.yMin) / height,
        ]
        lines.append("\(object.groundTruth.label - 1) " + numbers.map { "\($0)" }.joined(separator: " "))
      }
      try write(lines, to: "labels/\(name.stem).txt")
    }
    try write(names.map { "./images/\($0.file)" }, to: "\(split).txt")
  }

  private func writeCOCO(_ dataset: Dataset, _ names: [(stem: String, file: String)], _ split: String) throws {
    var annotations: [JSONLiteral] = []
    var images: [JSONLiteral] = []
    for (index, (image, name)) in zip(dataset.images, names).enumerated() {
      images.append(
        JSONLiteral(object: [
          ("id", JSONLiteral(index + 1)), ("file_name", JSONLiteral(name.file)), ("width", JSONLiteral(image.width)),
          ("height", JSONLiteral(image.height)),
        ]))
      for object in image.objects {
        let box = object.pixelBox
        let numbers = [box.xMin, box.yMin, box.xMax - box.xMin, box.yMax - box.yMin]
        var members: [(String, JSONLiteral)] = [
          ("id", JSONLiteral(annotations.count + 1)), ("image_id", JSONLiteral(index + 1)),
          ("category_id", JSONLiteral(object.groundTruth.label)),
          ("bbox", JSONLiteral(array: numbers.map { JSONLiteral($0) })), ("area", JSONLiteral(object.area ?? box.area)),
          ("iscrowd", JSONLiteral(object.isCrowd ? 1 : 0)),
        ]
        if object.groundTruth.isDifficult { members.append(("difficult", JSONLiteral(1))) }
        annotations.append(JSONLiteral(object: members))
      }
    }
    let categories = classNames.enumerated().map { index, name in
      JSONLiteral(object: [("id", JSONLiteral(index + 1)), ("name", JSONLiteral(name))])
    }
    let file = JSONLiteral(object: [
      ("images", JSONLiteral(array: images)), ("annotations", JSONLiteral(array: annotations)),
      ("categories", JSONLiteral(array: categories)),
    ])
    try write([file.description], to: "annotations/instances_\(split).json")
  }

  private static func short(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
