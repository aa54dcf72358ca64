import Foundation

/// Where a data set is and how it is laid out, as far as that can be told from a path.
package struct DatasetPlace: Sendable, Equatable {
  /// The layout.
  package let format: DatasetFormat
  /// The directory, or for YOLO data the file that describes it.
  package let root: String
  /// What can be named as a split there.
  package let splits: [String]

  /// Looks at a directory, a JSON file of COCO, or a file that describes YOLO data.
  ///
  /// - Parameter format: the layout; nil to find it out.
  /// - Throws: `DatasetError` when it is none, or has no splits, with what to do.
  package init(_ path: String, as format: DatasetFormat? = nil) throws(DatasetError) {
    let isDirectory = FileManager.default.isDirectory(path)
    guard isDirectory || FileManager.default.fileExists(atPath: path) else {
      throw DatasetError(file: path, reason: "no such file or directory")
    }
    if !isDirectory, COCOSplit.isJSON(path) {
      guard format == nil || format == .coco else {
        throw DatasetError(file: path, reason: "a JSON file, which only data of COCO are")
      }
      let url = URL(fileURLWithPath: path)
      (self.format, root, splits) = (.coco, url.deletingLastPathComponent().relativePath, [url.lastPathComponent])
      return
    }
    guard let found = format ?? Self.format(of: path) else {
      throw DatasetError(
        file: path,
        reason:
          "no layout of Pascal VOC, COCO or YOLO, \(DirectoryContent.found(at: path)); multibox split makes one of images and annotations in other places"
      )
    }
    (self.format, root) = (found, path)
    switch found {
    case .pascalVOC: splits = PascalVOCLayout(root: path).splits
    case .coco: splits = COCOLayout(root: path).splits
    case .yolo:
      let names = try YOLOData(path).splits
      // Images and labels in directories without a list are all of one split.
      splits = names.isEmpty && isDirectory && YOLOLayout.isRoot(path) ? ["."] : names
    }
    if splits.isEmpty {
      switch found {
      case .pascalVOC: throw DatasetError(file: path, reason: PascalVOCLayout(root: path).reasonForMissingSplit)
      case .coco: throw DatasetError(file: path, reason: COCOLayout(root: path).reasonForMissingSplit)
      case .yolo:
        throw DatasetError(file: path, reason: "names no split; multibox split makes lists to train on and to test on")
      }
    }
  }

  private static func format(of path: String) -> DatasetFormat? {
    if !PascalVOCLayout(root: path).splits.isEmpty { return .pascalVOC }
    if YOLOLayout.isRoot(path) { return .yolo }
    return COCOLayout(root: path).splits.isEmpty ? nil : .coco
  }

  /// The names of the classes, in the order of their numbers; for Pascal VOC all that annotations have, by alphabet.
  ///
  /// - Throws: `DatasetError`.
  package func classNames() throws -> [String] {
    switch format {
    case .pascalVOC:
      let survey = PascalVOCClassSurvey(roots: [root])
      if survey.sorted.isEmpty {
        throw survey.firstFault
          ?? DatasetError(file: "\(root)/Annotations", reason: "no annotation has an object, and so there is no class")
      }
      return survey.sorted
    default: return try Dataset.classNames(format, of: DatasetSource(root: root, split: splits[0]))
    }
  }
}
