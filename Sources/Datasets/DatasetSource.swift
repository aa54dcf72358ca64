/// The layouts of annotations that can be read.
public enum DatasetFormat: String, CaseIterable, Sendable {
  /// One XML file for every image, as in the Pascal VOC challenges.
  case pascalVOC = "voc"
  /// One JSON file for all images, as in COCO's detection task.
  case coco
}

/// A folder of data and the split of it that takes part.
public struct DatasetSource: Sendable, Equatable {
  /// The folder.
  public let root: String
  /// The split's name, as in `trainval`; with ``DatasetFormat/coco`` also the path of a JSON file, relative to the root.
  public let split: String

  /// Names a split of a folder.
  public init(root: String, split: String) {
    self.root = root
    self.split = split
  }
}

extension Dataset {
  /// Reads splits of one or several folders; their images follow one another.
  ///
  /// - Parameters:
  ///   - format: how the folders are laid out.
  ///   - sources: what to read, at least one.
  ///   - classes: names in the order of their labels; nothing means the 20 of `PascalVOCClasses`, or the categories of the
  ///     first COCO file in order of their ids.
  ///   - rules: what becomes of images without annotation, and how large images may be.
  ///   - faults: whether to stop at the first error or to list all.
  ///   - willRead: called with the path of each image file before it is opened.
  /// - Throws: `DatasetError`.
  public init(
    _ format: DatasetFormat, _ sources: [DatasetSource], classes: [String]? = nil,
    rules: ReadingRules = ReadingRules(), faults: FaultLog.Policy = .stopAtFirstError,
    willRead: @escaping (String) -> Void = { _ in }
  ) throws {
    switch format {
    case .pascalVOC:
      self = try .pascalVOC(sources, classes: classes, rules: rules, faults: faults, willRead: willRead)
    case .coco: self = try .coco(sources, classes: classes, rules: rules, faults: faults, willRead: willRead)
    }
  }
}
