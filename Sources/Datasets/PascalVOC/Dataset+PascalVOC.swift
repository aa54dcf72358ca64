extension Dataset {
  /// Reads splits in the layout of Pascal VOC: `ImageSets/Main/SPLIT.txt`, `Annotations/*.xml`, `JPEGImages/*`.
  ///
  /// Coordinates in the files are inclusive pixel numbers counted from 1; `PixelBox` says how they become edges.
  ///
  /// ### Repaired, with a warning
  /// - A box whose xmax ≤ xmin or ymax ≤ ymin, in the file's own numbers, is dropped, in training and in evaluation.
  /// - A box that reaches outside the image is clipped to it; one that lies outside altogether is dropped.
  /// - An image listed twice in a split is taken once.
  /// - A line of a split, or an image file, that may be meant in two ways; `PascalVOCSplit` says which is taken.
  /// - A stated size that is the image's with width and height exchanged, while every box fits the image, is ignored.
  ///
  /// Boxes are normalised by the size in the image file's header. Where the annotation states another size (other than
  /// the exchange above), it is unknown which image the boxes were drawn on, and reading fails. Annotations that state
  /// no size, half of one, or zero are accepted, with one warning for a split.
  ///
  /// Images of one name in several roots are told apart by `RootNames`.
  ///
  /// - Parameters:
  ///   - sources: the directories and their splits; their images follow one another.
  ///   - classes: names in the order of their labels; nothing means the 20 of `PascalVOCClasses`.
  ///   - rules: what becomes of images without annotation, and how large they may be.
  ///   - requiresImageFiles: whether an image may not be missing; without it, the size that the annotation states counts.
  ///   - faults: whether to stop at the first error or to list all.
  ///   - team: who reads the same, and divides the files.
  ///   - willRead: called with the path of each image file before it is opened.
  /// - Throws: `DatasetError`.
  /// - Precondition: `sources` is not empty.
  package static func pascalVOC(
    _ sources: [DatasetSource], classes: [String]? = nil, rules: ReadingRules = ReadingRules(),
    requiresImageFiles: Bool = true, faults: FaultLog.Policy = .stopAtFirstError, team: ReadingTeam = .alone,
    willRead: @escaping (String) -> Void = { _ in }
  ) throws -> Dataset {
    precondition(!sources.isEmpty, "a data set needs at least one root directory, got \(sources.count)")
    let names = classes ?? PascalVOCClasses.names
    var reader = PascalVOCReader(
      sources, classNames: names, rules: rules, requiresImageFiles: requiresImageFiles, log: FaultLog(faults),
      files: SplitFiles(rules.imageLimit, team, willRead: willRead))
    try reader.log.checkClasses(names, file: sources[0].root)
    try reader.read()
    return Dataset(classNames: names, images: reader.images, faults: reader.log)
  }

  /// Reads one split of several roots.
  package static func pascalVOC(
    roots: [String], split: String, classes: [String]? = nil, rules: ReadingRules = ReadingRules(),
    requiresImageFiles: Bool = true, willRead: @escaping (String) -> Void = { _ in }
  ) throws -> Dataset {
    try pascalVOC(
      roots.map { DatasetSource(root: $0, split: split) }, classes: classes, rules: rules,
      requiresImageFiles: requiresImageFiles, willRead: willRead)
  }
}
