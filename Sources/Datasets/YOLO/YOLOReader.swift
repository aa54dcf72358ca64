import Detection
import Images

/// Collects the images of splits with YOLO labels.
struct YOLOReader {
  /// Names of the classes, label 1 first.
  private(set) var classNames: [String] = []
  /// What was found wrong.
  private(set) var log: FaultLog
  private var files: SplitFiles

  private var collected: [AnnotatedImage] = []
  private var names = RootNames()
  /// Where each image file was listed first.
  private var origins: [String: String] = [:]

  init(_ files: SplitFiles, _ log: FaultLog) {
    (self.files, self.log) = (files, log)
  }

  /// What was read, with names that tell the directories apart.
  var images: [AnnotatedImage] { zip(collected, names.identifiers).map { $0.named($1) } }

  /// A split that was found, and the names of its numbers.
  private struct OpenSplit {
    /// The directory of the data.
    let root: String
    let split: YOLOSplit
    let names: YOLOClassNames
    let keypointNumbers: Int

    var categories: CategoryClasses.File { CategoryClasses.File(path: names.file, names: names.ordered) }
  }

  /// What is counted while a split is read.
  private struct Reading {
    var finder = YOLOLabelFinder()
    var repairs: FaultTally
    /// The image of each label file.
    var owners: [String: String] = [:]
    /// The image file of each name.
    var files: [String: String] = [:]
    var labelled = 0
    var unlabelled: (count: Int, first: String) = (0, "")
    var objects = 0
    var leftOut: [String: Int] = [:]
    private var directories: [String: String] = [:]

    init(repairs: FaultTally) { self.repairs = repairs }

    /// ``RootNames/canonical(_:)`` of a directory, worked out once.
    mutating func canonical(_ directory: String) -> String {
      if let known = directories[directory] { return known }
      let path = RootNames.canonical(directory)
      directories[directory] = path
      return path
    }
  }

  /// Reads all splits; names of classes first, so that a wrong class is found before many images are looked at.
  mutating func read(_ sources: [DatasetSource], classes: [String]?, mayLackClasses: Bool) throws(DatasetError) {
    var splits: [OpenSplit] = []
    for source in try DatasetSource.distinct(sources, log: &log) {
      do throws(DatasetError) {
        let data = try YOLOData(source.root)
        let names = try data.requireNames(orClasses: classes)
        let split = try YOLOSplit(source.split, of: data)
        if let repeated = names.repeated, !splits.contains(where: { $0.names == names }) {
          try log.note(.repeatedCategory, repeated)
        }
        if let background = names.background, !splits.contains(where: { $0.names == names }) {
          try log.note(.emptyCategory, background)
        }
        splits.append(
          OpenSplit(
            root: data.root, split: split, names: names, keypointNumbers: data.description?.keypointNumbers ?? 0))
      } catch {
        try log.note(.unreadableSplit, error)
      }
    }
    guard !splits.isEmpty else {
      classNames = classes ?? []
      return
    }
    let classes = try CategoryClasses(
      classes, mayLackClasses: mayLackClasses,
      files: splits.map(\.categories), log: &log)
    classNames = classes.names
    for split in splits {
      do throws(DatasetError) {
        try read(split, classes)
      } catch {
        try log.note(.unreadableSplit, error)
      }
    }
    try log.noteDarkImages(in: files)
  }

  private mutating func read(_ open: OpenSplit, _ classes: CategoryClasses) throws(DatasetError) {
    let split = open.split
    var reading = Reading(repairs: split.repairs)
    files.readAhead {
      split.entries.map { entry in
        SplitFiles.Entry(annotation: reading.finder.file(ofImage: entry.path), image: entry.path)
      }
    }
    for entry in split.entries {
      let (directory, name) = FileIndex.split(entry.path)
      // Two links to one file may have different labels.
      let file = "\(reading.canonical(directory))/\(name)"
      let place = AnnotationPlace(file: entry.file, line: entry.line)
      if let first = origins[file] {
        try log.note(.repeatedImage, place.error("image \(entry.path) is listed twice, first in \(first), taken once"))
        continue
      }
      origins[file] = entry.file
      if let image = try image(entry, of: open, classes, &reading) {
        collected.append(image)
        names.append(image.identifier, root: entry.directory)
      }
    }
    try split.missing.note(in: &log, total: split.count, directories: split.searched, root: open.root)
    try noteLabels(reading, of: split)
    try reading.repairs.empty(into: &log)
    try classes.note(leftOut: reading.leftOut, of: reading.objects, in: open.categories, log: &log)
  }

  private mutating func image(
    _ entry: YOLOSplit.Entry, of open: OpenSplit, _ classes: CategoryClasses, _ reading: inout Reading
  ) throws(DatasetError) -> AnnotatedImage? {
    let place = AnnotationPlace(file: entry.file, line: entry.line)
    let key = "\(entry.directory)/\(entry.name)"
    if let other = reading.files.updateValue(entry.path, forKey: key) {
      let reason = "\(entry.path) and \(other) have the same name, and so the same labels: which image was annotated?"
      try log.note(.ambiguousImage, place.error(reason))
      return nil
    }
    let labelPath = reading.finder.file(ofImage: entry.path)
    if let labelPath, let other = reading.owners.updateValue(entry.path, forKey: labelPath) {
      let reason = "\(labelPath) has the labels of \(entry.path) and of \(other) alike: which image was annotated?"
      try log.note(.ambiguousImage, place.error(reason))
      return nil
    }
    if labelPath != nil { reading.labelled += 1 }
    guard let header = try log.header(ofImage: entry.path, in: files, turnsBoxes: true) else {
      return nil
    }
    guard let labelPath else {
      if reading.unlabelled.count == 0 { reading.unlabelled.first = entry.path }
      reading.unlabelled.count += 1
      return AnnotatedImage(
        identifier: entry.name, imagePath: entry.path, annotationPath: entry.path, width: header.width,
        height: header.height, objects: [])
    }
    let bytes = files.annotation(labelPath)
    guard
      let file = try log.attempt(
        .brokenAnnotation,
        { () throws(DatasetError) in
          try YOLOLabelFile(contentsOf: labelPath, keypointNumbers: open.keypointNumbers, bytes: bytes)
        })
    else { return nil }
    for error in file.broken { try log.note(.brokenAnnotation, error) }
    if let first = file.repeated.first { reading.repairs.add(.repeatedLine, count: file.repeated.count, first) }
    var objects: [AnnotatedObject] = []
    for label in file.labels {
      let place = AnnotationPlace(file: labelPath, line: label.line)
      if let object = try object(label, of: open, classes, in: header, place, &reading) { objects.append(object) }
    }
    return AnnotatedImage(
      identifier: entry.name, imagePath: entry.path, annotationPath: labelPath, width: header.width,
      height: header.height, objects: objects)
  }

  private mutating func object(
    _ label: YOLOLabel, of open: OpenSplit, _ classes: CategoryClasses, in header: ImageHeader,
    _ place: AnnotationPlace, _ reading: inout Reading
  ) throws(DatasetError) -> AnnotatedObject? {
    reading.objects += 1
    guard let name = open.names.name(of: label.number) else {
      let hint = label.number == open.names.last + 1 ? ", which count from 0," : ""
      let reason =
        "\(label.number) is the number of no class; the classes of \(open.names.file)\(hint) are \(open.names.text)"
      try log.note(.unknownClass, place.error(reason))
      return nil
    }
    guard let number = classes.label(name) else {
      reading.leftOut[name, default: 0] += 1
      return nil
    }
    if label.isOutline {
      reading.repairs.add(.boxFromOutline, place.error("has an outline in place of a box, the box around it is used"))
    }
    guard
      let inside = try log.clip(
        label.box.pixels(of: header), hasArea: label.box.hasArea, written: label.text, to: header,
        tolerance: label.box.tolerance(of: header), at: place)
    else { return nil }
    return AnnotatedObject(
      pixelBox: inside, label: number, isDifficult: false, width: header.width, height: header.height)
  }

  // MARK: What is told once

  private mutating func noteLabels(_ reading: Reading, of split: YOLOSplit) throws(DatasetError) {
    let total = reading.labelled + reading.unlabelled.count
    if reading.labelled == 0, total > 0, let first = split.entries.first {
      let directories = YOLOLabelFinder.directories(forImagesIn: FileIndex.split(first.path).directories)
      let reason =
        "none of its \(total) images has a label file (such as \(FileIndex.split(FileIndex.stem(of: first.path)).last).txt); looked in \(directories.joined(separator: ", "))"
      return try log.note(.unreadableSplit, DatasetError(file: split.title, reason: reason))
    }
    if reading.unlabelled.count > 0 {
      let reason =
        "\(reading.unlabelled.count) of \(total) images have no label file, taken as background (the first is \(reading.unlabelled.first))"
      try log.note(.unannotatedImage, DatasetError(file: split.title, reason: reason))
    }
    guard split.isWhole else { return }
    let orphans = reading.finder.orphans(besides: Set(reading.owners.keys))
    if let first = orphans.first {
      let reason =
        "\(orphans.count) label \(orphans.count == 1 ? "file has" : "files have") no image (the first is \(first))"
      try log.note(.labelWithoutImage, DatasetError(file: split.title, reason: reason))
    }
  }
}
