import Foundation

extension Dataset {
  /// Reads splits of images with a text file of labels for each, as Darknet and Ultralytics have it; `YOLOData` says where
  /// splits and names of classes are found, `YOLOLabelFinder` where label files are.
  ///
  /// A label is the number of a class, from 0, and a box in fractions of the image as it is shown; `YOLOBox` says how they
  /// become pixels. Classes go by their names; their numbers may differ between data sets. An image without a label file is
  /// background.
  ///
  /// ### Repaired, with a warning
  /// - A box without area is dropped; one that reaches outside the image is clipped; one outside altogether is dropped.
  /// - Where EXIF has an orientation, boxes are turned to the stored pixels.
  ///
  /// With one warning for a split
  /// - Objects of names that `classes` does not list are left out.
  /// - An outline has the box around it.
  /// - A line that repeats an earlier one of its file is left out.
  /// - An image or directory may be elsewhere than a list or `data.yaml` says.
  ///
  /// Images of one name in several directories are told apart by `RootNames`.
  ///
  /// - Parameters:
  ///   - sources: the directories and their splits; their images follow one another.
  ///   - classes: names in the order of their labels; nothing means those of the first source by their numbers. Where a source
  ///     has none, they are the names of its numbers.
  ///   - mayLackClasses: whether all sources together may lack some of `classes`, as those to evaluate on may.
  ///   - rules: how large images may be.
  ///   - faults: whether to stop at the first error or to list all.
  ///   - team: who reads the same, and divides the files.
  ///   - willRead: called with the path of each image file before it is opened.
  /// - Throws: `DatasetError` with the file and line at fault.
  /// - Precondition: `sources` is not empty.
  package static func yolo(
    _ sources: [DatasetSource], classes: [String]? = nil, mayLackClasses: Bool = false,
    rules: ReadingRules = ReadingRules(), faults: FaultLog.Policy = .stopAtFirstError, team: ReadingTeam = .alone,
    willRead: @escaping (String) -> Void = { _ in }
  ) throws -> Dataset {
    precondition(!sources.isEmpty, "a data set needs at least one root directory, got \(sources.count)")
    var reader = YOLOReader(SplitFiles(rules.imageLimit, team, willRead: willRead), FaultLog(faults))
    try reader.read(sources, classes: classes, mayLackClasses: mayLackClasses)
    return Dataset(classNames: reader.classNames, images: reader.images, faults: reader.log)
  }

  /// The names of a source's classes by their numbers: the classes when none are listed.
  ///
  /// - Throws: `DatasetError`.
  package static func classNames(ofYOLO source: DatasetSource) throws -> [String] {
    var log = FaultLog(.stopAtFirstError)
    let data = try YOLOData(source.root)
    let names = try data.requireNames(orClasses: nil)
    try log.checkClasses(names.ordered, file: names.file)
    return names.ordered
  }
}

extension YOLOData {
  /// The names of the numbers: the data's own, or else the configured classes.
  ///
  /// - Throws: `DatasetError` when there are neither.
  func requireNames(orClasses classes: [String]?) throws(DatasetError) -> YOLOClassNames {
    if let names { return names }
    if let classes { return YOLOClassNames(file: root, classes) }
    let layout = YOLOLayout(root: root)
    guard FileManager.default.isDirectory(root) else {
      throw DatasetError(
        file: root, reason: "no such directory; data.root is relative to \(FileManager.default.currentDirectoryPath)")
    }
    let file = description?.path
    let reason =
      file == nil
      ? "has no names of classes: expected names in data.yaml, or a classes.txt with a name on each line; \(DirectoryContent.found(at: root))"
      : "has no names of classes"
    throw DatasetError(
      file: file ?? root,
      reason:
        "\(reason); \(layout.foreignAdvice.map { "\($0), or " } ?? "")set data.classes to the names in the order of their numbers, from 0"
    )
  }
}
