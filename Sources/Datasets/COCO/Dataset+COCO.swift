extension Dataset {
  /// Reads splits in the layout of COCO's detection task: `annotations/instances_SPLIT.json`, or a file given by its path,
  /// and its images in the directory `SPLIT`, in `images`, beside the file, or in the root; `COCOSplit` has the details.
  ///
  /// Boxes are [x, y, width, height] in continuous pixels from 0 of the stored rows and columns. Crowd boxes are kept but
  /// marked: they are no objects to train on, and metrics ignore them. `difficult` and `ignore`, which COCO itself does not
  /// have, mark an object as difficult. Categories are classes by their names; their numbers may differ between files.
  ///
  /// ### Repaired, with a warning
  /// - A box without area is dropped; one that reaches outside the image is clipped; one outside altogether is dropped.
  /// - An object whose number another has is taken all the same.
  ///
  /// With one warning for a file
  /// - Objects of categories that `classes` does not list are left out.
  /// - Where no width or height is stated, as absent, null, 0 or less, the image file's is taken.
  /// - Numbers may be written as text.
  /// - An object without a box has the one around its outline.
  /// - An image may be elsewhere than its `file_name` says; `COCOImageFinder` has the details.
  /// - A category without annotations is left out that has the name of another one or of a group.
  ///
  /// Images of one `file_name` in several roots are told apart by `RootNames`.
  ///
  /// - Parameters:
  ///   - sources: the directories and their splits; their images follow one another.
  ///   - classes: names of categories in the order of their labels; nothing means all of the first file, by ascending id.
  ///   - mayLackClasses: whether all files together may lack some of `classes`, as those to evaluate on may.
  ///   - rules: how large images may be.
  ///   - faults: whether to stop at the first error or to list all.
  ///   - team: who reads the same, and divides the files.
  ///   - willRead: called with the path of each image file before it is opened.
  /// - Throws: `DatasetError` with the list, the record and the key at fault.
  /// - Precondition: `sources` is not empty.
  package static func coco(
    _ sources: [DatasetSource], classes: [String]? = nil, mayLackClasses: Bool = false,
    rules: ReadingRules = ReadingRules(), faults: FaultLog.Policy = .stopAtFirstError, team: ReadingTeam = .alone,
    willRead: @escaping (String) -> Void = { _ in }
  ) throws -> Dataset {
    precondition(!sources.isEmpty, "a data set needs at least one root directory, got \(sources.count)")
    var reader = COCOReader(SplitFiles(rules.imageLimit, team, willRead: willRead), FaultLog(faults))
    try reader.read(sources, classes: classes, mayLackClasses: mayLackClasses)
    return Dataset(
      classNames: reader.classNames, images: reader.images, faults: reader.log, cocoIdentifiers: reader.identifiers)
  }

  /// The names of the categories of a split, by ascending id: the classes when none are listed.
  ///
  /// - Throws: `DatasetError`.
  package static func categoryNames(ofCOCO source: DatasetSource) throws -> [String] {
    var log = FaultLog(.stopAtFirstError)
    let file = try JSONRecordFile(COCOSplit(source).path)
    let names = try COCOCategoryList(file, wanted: nil, log: &log).names
    try log.checkClasses(names, file: file.path)
    return names
  }
}
