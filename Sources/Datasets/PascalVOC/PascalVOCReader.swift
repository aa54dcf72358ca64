import Detection
import Images

/// Collects the images of splits in the layout of Pascal VOC.
struct PascalVOCReader {
  let classNames: [String]
  var log: FaultLog
  private let sources: [DatasetSource]
  private let rules: ReadingRules
  private let requiresImageFiles: Bool
  private var files: SplitFiles
  private let labels: [String: Int]
  private var collected: [AnnotatedImage] = []
  private var names = RootNames()
  private var origins: [ImageKey: Origin] = [:]
  private var hasProposedClasses = false
  private var missingAnnotations = MissingFiles("annotations")
  private var missingImages = MissingFiles("images")
  private var fractions = FractionCheck()
  private var edges = EdgeOrderCheck()
  private var repairs = FaultTally()

  /// An image of a root.
  private struct ImageKey: Hashable {
    let root: String
    let identifier: String
  }

  /// The line that has listed an image first.
  private struct Origin {
    let source: DatasetSource
    let entry: PascalVOCSplit.Entry
  }

  /// How many annotations of a split lack something that can be had otherwise, and where the first is.
  private struct Count {
    var count = 0
    var first = ""

    mutating func add(_ path: String) {
      if count == 0 { first = path }
      count += 1
    }
  }

  init(
    _ sources: [DatasetSource], classNames: [String], rules: ReadingRules, requiresImageFiles: Bool, log: FaultLog,
    files: SplitFiles
  ) {
    self.sources = sources
    self.rules = rules
    self.log = log
    self.requiresImageFiles = requiresImageFiles
    self.files = files
    self.classNames = classNames
    labels = Dictionary(classNames.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
  }

  /// What was read, with names that tell the roots apart.
  var images: [AnnotatedImage] { zip(collected, names.identifiers).map { $0.named($1) } }

  mutating func read() throws(DatasetError) {
    for source in try DatasetSource.distinct(sources, log: &log) { try read(source) }
    // Who does without image files does not look at pixels.
    if requiresImageFiles { try log.noteDarkImages(in: files) }
  }

  private mutating func read(_ source: DatasetSource) throws(DatasetError) {
    var directories = PascalVOCDirectories(root: source.root)
    let layout = PascalVOCLayout(root: source.root)
    if let reason = layout.reasonForMissingDirectory(
      annotations: rules.unannotated == .stop, images: requiresImageFiles)
    {
      return try log.note(.unreadableSplit, DatasetError(file: source.root, reason: reason))
    }
    guard
      let file = try log.attempt(
        .unreadableSplit, { () throws(DatasetError) in try PascalVOCSplitFile(source) })
    else { return }
    let list = try PascalVOCSplit(file, in: &directories, log: &log)
    let root = RootNames.canonical(source.root)
    var (unannotated, unsized) = (Count(), Count())
    missingAnnotations = MissingFiles("annotations", tellsFirst: true)
    missingImages = MissingFiles("images", extensions: Set(PascalVOCDirectories.imageExtensions), tellsFirst: true)
    (fractions, edges) = (FractionCheck(), EdgeOrderCheck())
    files.readAhead { list.entries.map { directories.files(of: $0.name.identifier) } }
    for entry in list.entries {
      let key = ImageKey(root: root, identifier: entry.name.identifier)
      if let earlier = origins[key] {
        try noteSecond(entry, of: list, source, earlier: earlier)
        continue
      }
      origins[key] = Origin(source: source, entry: entry)
      if let image = try image(entry, of: list, in: &directories, &unannotated, &unsized) {
        collected.append(image)
        names.append(image.identifier, root: root)
      }
    }
    for (missing, directory) in [(missingAnnotations, "Annotations"), (missingImages, "JPEGImages")] {
      try missing.note(
        in: &log, total: list.entries.count, directories: ["\(source.root)/\(directory)"], root: source.root)
    }
    try fractions.note(in: &log)
    try edges.note(in: &log)
    try repairs.empty(into: &log)
    try note(unannotated, unsized, of: list)
  }

  private mutating func note(
    _ unannotated: Count, _ unsized: Count, of list: PascalVOCSplit
  ) throws(DatasetError) {
    let total = list.entries.count
    if unannotated.count > 0 {
      let reason =
        "\(unannotated.count) of \(total) images have no annotation, taken as background (the first is \(unannotated.first))"
      try log.note(.unannotatedImage, DatasetError(file: list.path, reason: reason))
    }
    if unsized.count > 0 {
      let reason =
        "\(unsized.count) of \(total) annotations state no size, that of the image is used (the first is \(unsized.first))"
      try log.note(.unstatedSize, DatasetError(file: list.path, reason: reason))
    }
  }

  private mutating func noteSecond(
    _ entry: PascalVOCSplit.Entry, of list: PascalVOCSplit, _ source: DatasetSource, earlier: Origin
  ) throws(DatasetError) {
    let identifier = entry.name.identifier
    let place = AnnotationPlace(file: list.path, line: entry.line)
    if entry.isUnsure || earlier.entry.isUnsure {
      let reason =
        "image \(identifier) is listed by itself and with a number behind it, which only a class file has on every line: is the image of the longer name missing?"
      return try log.note(.missingFile, place.error(reason))
    }
    if entry.name.contradicts(earlier.entry.name) {
      let reason =
        "\"\(entry.text)\" and \"\(earlier.entry.text)\" are different files, but both come down to image \(identifier), of which there is one annotation"
      return try log.note(.ambiguousImage, place.error(reason))
    }
    let reason =
      earlier.source.split == source.split
      ? "image \(identifier) is listed twice, taken once"
      : "image \(identifier) is also in the split \(earlier.source.split), taken once"
    try log.note(.repeatedImage, place.error(reason))
  }

  private mutating func image(
    _ entry: PascalVOCSplit.Entry, of list: PascalVOCSplit, in directories: inout PascalVOCDirectories,
    _ unannotated: inout Count, _ unsized: inout Count
  ) throws(DatasetError) -> AnnotatedImage? {
    let identifier = entry.name.identifier
    let place = AnnotationPlace(file: list.path, line: entry.line)
    let (annotationPath, isAnnotated) = directories.annotationPath(identifier)
    var annotation: PascalVOCAnnotation?
    if isAnnotated {
      let bytes = files.annotation(annotationPath)
      annotation = try log.attempt(
        .brokenAnnotation,
        { () throws(DatasetError) in try PascalVOCAnnotation(contentsOf: annotationPath, bytes: bytes) })
      if annotation == nil { return nil }
    } else if rules.unannotated == .stop {
      let reason =
        "image \(identifier) has no annotation \(annotationPath); \(rules.unannotatedSetting) background takes such images as they are, without objects"
      missingAnnotations.add("\(identifier).xml", place.error(reason))
      return nil
    }
    guard let file = try imagePath(entry.name, annotation, in: &directories, at: place) else { return nil }
    let stated = annotation?.size.map { ImageHeader(width: $0.content.width, height: $0.content.height) }
    guard let header = try header(of: file, or: stated, annotationPath) else { return nil }
    guard let annotation else {
      unannotated.add(file.path)
      return AnnotatedImage(
        identifier: identifier, imagePath: file.path, annotationPath: annotationPath, width: header.width,
        height: header.height, objects: [])
    }
    if let (count, error) = annotation.nestedObjects { repairs.add(.nestedObject, count: count, error) }
    for error in annotation.brokenObjects { try log.note(.brokenAnnotation, error) }
    if let stated = annotation.size {
      let allFit = annotation.objects.allSatisfy { $0.xMax <= Double(header.width) && $0.yMax <= Double(header.height) }
      guard
        try log.check(
          statedWidth: stated.content.width, statedHeight: stated.content.height, against: header, of: file.path,
          mayBeExchanged: allFit, at: AnnotationPlace(file: annotationPath, line: stated.line))
      else { return nil }
    } else if !annotation.objects.isEmpty {
      unsized.add(annotationPath)
    }
    var objects: [AnnotatedObject] = []
    for object in annotation.objects {
      if let object = try self.object(object, in: header, path: annotationPath) { objects.append(object) }
    }
    return AnnotatedImage(
      identifier: identifier, imagePath: file.path, annotationPath: annotationPath, width: header.width,
      height: header.height, objects: objects)
  }

  /// The file of an image: of several, the one with the extension that the list states, or that the annotation names.
  ///
  /// - Returns: nothing when there is none and it is needed, which is noted.
  private mutating func imagePath(
    _ name: PascalVOCDirectories.Name, _ annotation: PascalVOCAnnotation?, in directories: inout PascalVOCDirectories,
    at place: AnnotationPlace
  ) throws(DatasetError) -> (path: String, exists: Bool)? {
    let paths = directories.imagePaths(name.identifier)
    guard let first = paths.first else {
      if requiresImageFiles || annotation == nil {
        missingImages.add(name.identifier, place.error(directories.reasonForMissingImage(name.identifier)))
        return nil
      }
      return (directories.defaultImagePath(name.identifier), false)
    }
    if paths.count == 1 { return (first, true) }
    if let path = paths.first(where: { FileIndex.extension(of: $0) == name.imageExtension }) { return (path, true) }
    if let path = paths.first(where: { FileIndex.split($0).last == annotation?.imageName }) { return (path, true) }
    let files = paths.map { FileIndex.split($0).last }.joined(separator: ", ")
    let reason =
      "image \(name.identifier) may be \(files); the first is taken, else write the name with its extension"
    try log.note(.ambiguousName, place.error(reason))
    return (first, true)
  }

  /// What the image file says of itself; of one that is not there, what the annotation states.
  private mutating func header(
    of file: (path: String, exists: Bool), or stated: ImageHeader?, _ annotationPath: String
  ) throws(DatasetError) -> ImageHeader? {
    if file.exists { return try log.header(ofImage: file.path, in: files) }
    if let stated { return stated }
    let reason = "states no size, and there is no image \(file.path)"
    try log.note(.brokenAnnotation, DatasetError(file: annotationPath, reason: reason))
    return nil
  }

  private mutating func object(
    _ object: PascalVOCAnnotation.Object, in header: ImageHeader, path: String
  ) throws(DatasetError) -> AnnotatedObject? {
    let place = AnnotationPlace(file: path, line: object.boxLine, object: object.title)
    let hasArea = object.xMin < object.xMax && object.yMin < object.yMax
    let written = "(\(object.xMin), \(object.yMin), \(object.xMax), \(object.yMax))"
    edges.add(isReversed: object.xMax < object.xMin || object.yMax < object.yMin, written, at: place)
    fractions.add((object.xMin, object.yMin, object.xMax, object.yMax), hasArea: hasArea, of: header, at: place)
    guard let label = labels[object.name.content] else {
      let place = AnnotationPlace(file: path, line: object.name.line, object: "object \(object.number)")
      var proposal: String?
      if !hasProposedClasses {
        hasProposedClasses = true
        proposal = PascalVOCClassSurvey(roots: sources.map(\.root)).proposal(insteadOf: classNames)
      }
      try log.noteUnknownClass(object.name.content, classNames, proposal: proposal, at: place)
      return nil
    }
    if object.isAroundShape {
      repairs.add(.boxFromOutline, place.error("has another shape in place of <bndbox>, the box around it is used"))
    }
    let edges = PixelBox(xMin: object.xMin - 1, yMin: object.yMin - 1, xMax: object.xMax, yMax: object.yMax)
    guard
      let inside = try log.clip(
        edges, hasArea: hasArea, written: written, to: header, at: place)
    else { return nil }
    return AnnotatedObject(
      pixelBox: inside, label: label, isDifficult: object.isDifficult, width: header.width, height: header.height)
  }
}
