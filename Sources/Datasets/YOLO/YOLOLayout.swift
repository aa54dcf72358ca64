import Foundation

/// Finds the files that describe YOLO data, and says what a root lacks of the layout and what it has instead.
package struct YOLOLayout {
  let root: String

  package init(root: String) { self.root = root }

  /// Whether a path has the name of a file that describes YOLO data.
  static func isDescription(_ path: String) -> Bool { ["yaml", "yml", "data"].contains(FileIndex.extension(of: path)) }

  /// Whether a path is that of YOLO data: a directory with labels, but without the lists of Pascal VOC, or its description.
  package static func isRoot(_ path: String) -> Bool {
    guard FileManager.default.isDirectory(path) else {
      return isDescription(path) && FileManager.default.fileExists(atPath: path) && describesData(path)
    }
    return !FileManager.default.fileExists(atPath: "\(path)/ImageSets") && describes(path) != nil
  }

  /// Whether a file has names of classes or splits; one that cannot be read is meant to by what it is called.
  private static func describesData(_ path: String) -> Bool {
    do throws(DatasetError) {
      let description = try YOLODescription(contentsOf: path)
      return description.names != nil || !description.splits.isEmpty
    } catch {
      return ["data", "dataset", "obj"].contains(FileIndex.split(FileIndex.stem(of: path)).last) || hasKeys(path)
    }
  }

  /// Whether a file that cannot be read as a description has two of the keys of one.
  private static func hasKeys(_ path: String) -> Bool {
    guard let bytes = try? AnnotationFile(path: path, kind: .yaml).contents(upTo: 1 << 16) else { return false }
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    let keys = lines.compactMap { $0.firstMatch(of: #/^\s*(names|nc|classes|train|val|valid|test)\s*[:=]/#)?.output.1 }
    return Set(keys).count >= 2
  }

  private var files: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return names.filter { !$0.hasPrefix(".") }.sorted()
  }

  /// The file that describes the data; nothing when there is none.
  ///
  /// - Throws: `DatasetError` when there are several.
  func descriptionPath() throws(DatasetError) -> String? {
    let candidates = files.filter(Self.isDescription)
    let usual = ["data.yaml", "data.yml", "dataset.yaml", "dataset.yml", "obj.data"]
    if let name = usual.first(where: candidates.contains) { return "\(root)/\(name)" }
    // Any other may be of another program.
    let paths = candidates.map { "\(root)/\($0)" }.filter { path in
      guard let description = try? YOLODescription(contentsOf: path) else { return Self.hasKeys(path) }
      return !description.splits.isEmpty
    }
    if paths.count > 1 {
      throw DatasetError(
        file: root,
        reason: "is described by \(paths.joined(separator: " and by ")): name the one that is meant as data.root")
    }
    return paths.first
  }

  /// A list of the names of classes beside the images or labels; nothing when there is none.
  var namesPath: String? {
    let names = ["classes.txt", "obj.names", "classes.names", "_darknet.labels"]
    let directories =
      [root, "\(root)/labels"]
      + ["train", "valid", "val", "test"].flatMap {
        ["\(root)/\($0)", "\(root)/labels/\($0)", "\(root)/\($0)/labels"]
      }
    return directories.lazy.flatMap { directory in names.map { "\(directory)/\($0)" } }
      .first(where: FileManager.default.fileExists)
  }

  /// Why a split has no images.
  func reasonForMissingSplit(_ split: String, _ data: YOLOData) -> String {
    guard FileManager.default.isDirectory(root) else {
      return
        "no such directory; data.root is relative to \(FileManager.default.currentDirectoryPath)"
    }
    let splits = data.splits
    if !splits.isEmpty { return "no such split: \(split); the splits there are \(splits.joined(separator: ", "))" }
    let expected =
      "no such split: expected \(split) in data.yaml, or one of images/\(split), \(split)/images, \(split), \(split).txt"
    return "\(expected); \(DirectoryContent.found(at: root)); \(advice)"
  }

  private var advice: String {
    if Self.describes(root) != nil {
      return
        "a split \".\" takes all images; multibox split \(PascalVOCLayout.quoted(root)) makes lists to train on and to test on"
    }
    return foreignAdvice ?? "no label file is there"
  }

  /// What the directory has instead of YOLO labels; nothing when that is unknown.
  var foreignAdvice: String? {
    let files = FileTree(readableBelow: root, time: .seconds(2)).files
    if files.contains(where: { FileIndex.extension(of: $0) == "xml" }) {
      return "this looks like Pascal VOC's layout: data.format: voc"
    }
    let isCOCO = files.contains { COCOSplit.isJSON($0) && FileIndex.split($0).last != "notes.json" }
    return isCOCO && labelFile == nil ? "this looks like COCO's layout: data.format: coco" : nil
  }

  /// What is to be said of a root that has YOLO labels while another format is expected; nothing when it has none.
  ///
  /// - Returns: what there is, and the keys to set.
  package static func describes(_ root: String) -> String? {
    let layout = YOLOLayout(root: root)
    if let path = try? layout.descriptionPath() {
      let description = try? YOLODescription(contentsOf: path)
      // One that is faulty was chosen for its name or its keys.
      let isMeant = FileIndex.split(path).last.hasPrefix("data.y") || description?.splits.isEmpty != true
      guard isMeant else { return nil }
      return "\(FileIndex.split(path).last) describes YOLO labels: set data.format: yolo\(layout.keys)"
    }
    guard let file = layout.labelFile else { return nil }
    return "\(file) is a YOLO label: set data.format: yolo\(layout.keys)"
  }

  /// The splits to name, where they are known.
  private var keys: String {
    guard let data = try? YOLOData(root) else { return "" }
    let splits = data.splits
    guard let train = splits.first(where: { $0 == "train" }) else { return "" }
    let evaluation = splits.first { $0 != train }.map { ", data.evaluation_split: \($0)" } ?? ""
    return ", data.train_split: \(train)\(evaluation)"
  }

  /// A text file with a label in it that has the name of an image, among those of a directory that is looked at quickly.
  private var labelFile: String? {
    let tree = FileTree(readableBelow: root, time: .seconds(2)).files
    // Of images with both kinds of annotation those that say more count.
    if tree.contains(where: { FileIndex.extension(of: $0) == "xml" }) { return nil }
    let images = Set(
      tree.filter { PascalVOCDirectories.knownExtensions.contains(FileIndex.extension(of: $0)) }
        .map { FileIndex.split(FileIndex.stem(of: $0)).last })
    let labels = tree.lazy.filter {
      FileIndex.extension(of: $0) == "txt" && images.contains(FileIndex.split(FileIndex.stem(of: $0)).last)
    }
    return labels.prefix(20).first { (try? YOLOLabelFile(contentsOf: "\(root)/\($0)"))?.labels.isEmpty == false }
  }
}
