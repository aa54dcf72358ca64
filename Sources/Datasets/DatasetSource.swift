/// The layouts of annotations that can be read.
package enum DatasetFormat: String, CaseIterable, Sendable {
  /// One XML file for every image, as in the Pascal VOC challenges.
  case pascalVOC = "voc"
  /// One JSON file for all images, as in COCO's detection task.
  case coco
  /// One text file for every image, as Darknet and Ultralytics have it.
  case yolo
}

/// A directory of data and the split of it that takes part.
package struct DatasetSource: Sendable, Equatable {
  /// The directory; with ``DatasetFormat/yolo`` also the file that describes it.
  package let root: String
  /// The split's name, as in `trainval`; with ``DatasetFormat/coco`` also the path of a JSON file, relative to the root,
  /// and with ``DatasetFormat/yolo`` that of a directory of images or of a list of them.
  package let split: String

  /// Where the images are, with ``DatasetFormat/coco``: a path from the root; nothing for the usual directories.
  package let imageDirectory: String?

  /// Names a split of a directory.
  package init(root: String, split: String, imageDirectory: String? = nil) {
    self.root = root
    self.split = split
    self.imageDirectory = imageDirectory
  }
}

extension DatasetSource {
  /// The sources without those that are listed again, which is noted.
  package static func distinct(_ sources: [DatasetSource], log: inout FaultLog) throws(DatasetError) -> [DatasetSource]
  {
    var distinct: [DatasetSource] = []
    for source in sources {
      let root = RootNames.canonical(source.root)
      guard let first = distinct.first(where: { RootNames.canonical($0.root) == root && $0.split == source.split })
      else {
        distinct.append(source)
        continue
      }
      let name = first.root == source.root ? "this directory is" : "this directory, which is also \(first.root), is"
      let reason = "\(name) listed twice under data.root with the split \(source.split), taken once"
      try log.note(.repeatedImage, DatasetError(file: source.root, reason: reason))
    }
    return distinct
  }
}

extension Dataset {
  /// Reads splits of one or several directories; their images follow one another.
  ///
  /// - Parameters:
  ///   - format: how the directories are laid out.
  ///   - sources: what to read, at least one.
  ///   - classes: names in the order of their labels; nothing means the 20 of `PascalVOCClasses`, or the categories of the
  ///     first COCO or YOLO data in order of their numbers.
  ///   - mayLackClasses: whether COCO or YOLO data may lack some of `classes`, as those to evaluate on may.
  ///   - rules: what becomes of images without annotation, and how large images may be.
  ///   - faults: whether to stop at the first error or to list all.
  ///   - team: who reads the same, and divides the files; not with ``FaultLog/Policy/listAll``, which may leave out a source that others read.
  ///   - willRead: called with the path of each image file before it is opened.
  /// - Throws: `DatasetError`.
  package init(
    _ format: DatasetFormat, _ sources: [DatasetSource], classes: [String]? = nil, mayLackClasses: Bool = false,
    rules: ReadingRules = ReadingRules(), faults: FaultLog.Policy = .stopAtFirstError, team: ReadingTeam = .alone,
    willRead: @escaping (String) -> Void = { _ in }
  ) throws {
    precondition(team.count == 1 || faults != .listAll, "a team of \(team.count) readers lists no faults")
    switch format {
    case .pascalVOC:
      self = try .pascalVOC(
        sources, classes: classes, rules: rules, faults: faults, team: team, willRead: willRead)
    case .coco:
      self = try .coco(
        sources, classes: classes, mayLackClasses: mayLackClasses, rules: rules, faults: faults, team: team,
        willRead: willRead)
    case .yolo:
      self = try .yolo(
        sources, classes: classes, mayLackClasses: mayLackClasses, rules: rules, faults: faults, team: team,
        willRead: willRead)
    }
  }

  /// The names of the classes that data have, in order of their numbers: the classes when none are listed.
  ///
  /// - Throws: `DatasetError`.
  package static func classNames(_ format: DatasetFormat, of source: DatasetSource) throws -> [String] {
    switch format {
    case .pascalVOC: PascalVOCClasses.names
    case .coco: try categoryNames(ofCOCO: source)
    case .yolo: try classNames(ofYOLO: source)
    }
  }
}
