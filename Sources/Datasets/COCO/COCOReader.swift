import Detection
import Images

/// Collects the images of splits in the layout of COCO.
struct COCOReader {
  /// Names of the classes, label 1 first.
  private(set) var classNames: [String] = []
  /// What was found wrong.
  private(set) var log: FaultLog
  private var files: SplitFiles

  private var collected: [AnnotatedImage] = []
  private var names = RootNames()
  private var namesOfRoot: [String: Set<String>] = [:]
  private var imageNumbers: [COCOFileIdentifier] = []
  /// The number of each class in each file.
  private var categoryNumbers: [[Int?]] = []

  init(_ files: SplitFiles, _ log: FaultLog) {
    (self.files, self.log) = (files, log)
  }

  /// The images of all files, with names that tell the roots apart.
  var images: [AnnotatedImage] { zip(collected, names.identifiers).map { $0.named($1) } }

  /// Nothing when the files disagree about what a number means.
  var identifiers: COCOIdentifiers? {
    guard let categories = categoryNumbers.first, categoryNumbers.allSatisfy({ $0 == categories }),
      Set(imageNumbers).count == imageNumbers.count
    else { return nil }
    return COCOIdentifiers(images: imageNumbers, categories: categories)
  }

  /// A file that is open, and what is known of it.
  private struct OpenFile {
    let source: DatasetSource
    let split: COCOSplit
    let file: JSONRecordFile
    let list: COCOCategoryList

    var categories: CategoryClasses.File { CategoryClasses.File(path: file.path, names: list.names) }
  }

  /// Reads all files; their categories first, so that a wrong class is found before many images are looked at.
  mutating func read(_ sources: [DatasetSource], classes: [String]?, mayLackClasses: Bool) throws(DatasetError) {
    var opened: [OpenFile] = []
    for source in try DatasetSource.distinct(sources, log: &log) {
      do throws(DatasetError) {
        let split = try COCOSplit(source)
        let file = try JSONRecordFile(split.path)
        let list = try COCOCategoryList(file, wanted: classes, log: &log)
        opened.append(OpenFile(source: source, split: split, file: file, list: list))
      } catch {
        try log.note(.unreadableSplit, error)
      }
    }
    guard !opened.isEmpty else {
      classNames = classes ?? []
      return
    }
    let classes = try CategoryClasses(
      classes, mayLackClasses: mayLackClasses,
      files: opened.map(\.categories), log: &log)
    classNames = classes.names
    for file in opened {
      categoryNumbers.append(classNames.map(file.list.number(of:)))
      do throws(DatasetError) {
        try read(file, classes)
      } catch {
        try log.note(.unreadableSplit, error)
      }
    }
    try log.noteDarkImages(in: files)
  }

  private mutating func read(_ file: OpenFile, _ classes: CategoryClasses) throws(DatasetError) {
    var repairs = FaultTally()
    var entries = try readImages(file, &repairs)
    try readAnnotations(file, classes, into: &entries, &repairs)
    try repairs.empty(into: &log)
    collected += entries.entries.map { entry in
      AnnotatedImage(
        identifier: entry.name, imagePath: entry.path, annotationPath: file.file.path, width: entry.header.width,
        height: entry.header.height, objects: entry.objects)
    }
    let root = RootNames.canonical(file.source.root)
    for entry in entries.entries { names.append(entry.name, root: root) }
    imageNumbers += entries.entries.map(\.number)
  }

  // MARK: Images

  private struct Entry {
    let number: COCOFileIdentifier
    let name: String
    let path: String
    let header: ImageHeader
    var objects: [AnnotatedObject] = []
  }

  private struct Entries {
    var entries: [Entry] = []
    /// The place in `entries` of each image's number.
    var indices: [COCOFileIdentifier: Int] = [:]
    /// The numbers of images that cannot be used.
    var unusable: Set<COCOFileIdentifier> = []

    func contains(_ number: COCOFileIdentifier) -> Bool { indices[number] != nil || unusable.contains(number) }
  }

  private mutating func readImages(_ file: OpenFile, _ repairs: inout FaultTally) throws(DatasetError) -> Entries {
    var (result, total) = (Entries(), 0)
    var finder = COCOImageFinder(file.split)
    var missing = MissingFiles("images")
    let root = RootNames.canonical(file.source.root)
    files.readAhead { Self.imageFiles(file) }
    try file.file.forEach(
      in: "images", { parser throws(JSONPullParser.Fault) in try parser.cocoImage() }
    ) { record, recordPlace throws(DatasetError) in
      total += 1
      guard let image = try usable(record) else { return }
      repairs.add(record, at: recordPlace)
      let place = recordPlace.annotationPlace(identifier: image.id)
      guard !result.contains(image.id) else {
        return try log.note(.ambiguousImage, place.error("id: another image has the same"))
      }
      result.unusable.insert(image.id)
      guard try checkName(image.file_name, root: root, at: place) else { return }
      let found = finder.find(image.file_name)
      if case .nothing = found {
        let (first, others) = (file.split.directories[0], file.split.directories.dropFirst().joined(separator: ", "))
        return missing.add(
          image.file_name,
          place.error("the image has no file \(first)/\(image.file_name) (nor one in \(others))"))
      }
      guard let path = try path(image, found, at: place, &repairs),
        let header = try header(image, path, at: place, &repairs)
      else { return }
      result.unusable.remove(image.id)
      result.indices[image.id] = result.entries.count
      result.entries.append(Entry(number: image.id, name: image.file_name, path: path, header: header))
    }
    if total == 0 { throw DatasetError(file: file.file.path, reason: "lists no image") }
    try missing.note(in: &log, total: total, directories: file.split.directories, root: file.source.root) {
      "; set data.image_directory: \($0)"
    }
    return result
  }

  /// The image files that can be found; what is wrong with a record is told when it is read.
  private static func imageFiles(_ file: OpenFile) -> [SplitFiles.Entry] {
    var finder = COCOImageFinder(file.split)
    var entries: [SplitFiles.Entry] = []
    try? file.file.forEach(
      in: "images", { parser throws(JSONPullParser.Fault) in try parser.cocoImage() }
    ) { record, _ throws(DatasetError) in
      if case .usable(let image, _) = record, let path = finder.find(image.file_name).path {
        entries.append(SplitFiles.Entry(image: path))
      }
    }
    return entries
  }

  private mutating func checkName(
    _ name: String, root: String, at place: AnnotationPlace
  ) throws(DatasetError) -> Bool {
    if name.isEmpty {
      try log.note(.brokenAnnotation, place.error("file_name: expected the path of an image, found \"\""))
      return false
    }
    guard namesOfRoot[root, default: []].insert(name).inserted else {
      try log.note(.ambiguousImage, place.error("file_name: another image has the same"))
      return false
    }
    return true
  }

  /// The only file that an image can be.
  private mutating func path(
    _ image: COCOImage, _ found: COCOImageFinder.Finding, at place: AnnotationPlace, _ repairs: inout FaultTally
  ) throws(DatasetError) -> String? {
    switch found {
    case .taken(let path, let other):
      let reason = "file_name: \"\(image.file_name)\" and \"\(other)\" are both found as \(path)"
      try log.note(.ambiguousImage, place.error(reason))
    case .several(let paths):
      let isOneDirectory = Set(paths.map { FileIndex.split($0).directories }).count == 1
      let remedy =
        isOneDirectory ? "write the right one's name" : "name the directory of the right one by data.image_directory"
      let reason =
        "file_name: \"\(image.file_name)\" may be \(paths.joined(separator: " or ")), which are different files; \(remedy)"
      repairs.add(.ambiguousImage, place.error(reason))
    case .similar(let path):
      repairs.add(.otherPath, place.error("file_name: \"\(image.file_name)\" is found as \(path)"))
    case .asNamed, .nothing: break
    }
    return found.path
  }

  /// The header of an image file, when it is of the size that the record states.
  private mutating func header(
    _ image: COCOImage, _ path: String, at place: AnnotationPlace, _ repairs: inout FaultTally
  ) throws(DatasetError) -> ImageHeader? {
    guard let header = try log.header(ofImage: path, in: files) else { return nil }
    guard let width = image.width, let height = image.height else {
      repairs.add(.unstatedSize, place.error("states no width or height, the image file's are used"))
      return header
    }
    let isSame = try log.check(
      statedWidth: width, statedHeight: height, against: header, of: path, mayBeExchanged: false, at: place)
    return isSame ? header : nil
  }

  /// Nothing when the record is broken, which is noted.
  private mutating func usable<Value>(_ record: JSONRecord<Value>) throws(DatasetError) -> Value? {
    switch record {
    case .usable(let value, _): return value
    case .broken(let error):
      try log.note(.brokenAnnotation, error())
      return nil
    }
  }

  // MARK: Annotations

  private mutating func readAnnotations(
    _ file: OpenFile, _ classes: CategoryClasses, into entries: inout Entries, _ repairs: inout FaultTally
  ) throws(DatasetError) {
    let categories = Dictionary(uniqueKeysWithValues: file.list.categories.map { ($0.id, $0.name) })
    var (numbers, total) = (Set<COCOFileIdentifier>(), 0)
    var leftOut: [String: Int] = [:]
    var fractions = FractionCheck()
    var strays = StrayAnnotations<AnnotationPlace>()
    try file.file.forEach(
      in: "annotations", { parser throws(JSONPullParser.Fault) in try parser.cocoAnnotation() }
    ) { record, recordPlace throws(DatasetError) in
      total += 1
      guard let annotation = try usable(record) else { return }
      repairs.add(record, at: recordPlace)
      let place = AnnotationPlace { reason in
        recordPlace.annotationPlace(identifier: annotation.id).error(reason)
      }
      if let number = annotation.id, !numbers.insert(number).inserted {
        try log.note(.repeatedObject, place.error("id: another object has the same"))
      }
      guard let category = categories[annotation.category_id] else {
        let reason = "category_id: \(annotation.category_id) is no category of the file"
        return try log.note(.unknownClass, place.error(reason))
      }
      let isListed = entries.contains(annotation.image_id)
      strays.add("\(annotation.image_id)", isListed: isListed, at: place)
      guard isListed else { return }
      if annotation.isBoxFromOutline {
        repairs.add(.boxFromOutline, place.error("has no bbox, the one around segmentation is used"))
      }
      guard let index = entries.indices[annotation.image_id] else { return }
      let header = entries.entries[index].header
      fractions.add(annotation.bbox, of: header, at: place)
      guard let label = classes.label(category) else {
        leftOut[category, default: 0] += 1
        return
      }
      if let object = try object(annotation, label, in: header, place) {
        entries.entries[index].objects.append(object)
      }
    }
    if let fault = strays.fault { try log.note(fault.kind, fault.place.error(fault.reason)) }
    try fractions.note(in: &log)
    try classes.note(leftOut: leftOut, of: total, in: file.categories, log: &log)
  }

  private mutating func object(
    _ annotation: COCOAnnotation, _ label: Int, in header: ImageHeader, _ place: AnnotationPlace
  ) throws(DatasetError) -> AnnotatedObject? {
    let box = annotation.bbox
    let edges = PixelBox(xMin: box[0], yMin: box[1], xMax: box[0] + box[2], yMax: box[1] + box[3])
    guard
      let inside = try log.clip(
        edges, hasArea: box[2] > 0 && box[3] > 0, written: "\(box)", to: header, tolerance: Self.rounding, at: place)
    else { return nil }
    return AnnotatedObject(
      pixelBox: inside, label: label, isDifficult: annotation.isDifficult, isCrowd: annotation.isCrowd,
      area: annotation.area, isNumberedZero: annotation.id == 0, width: header.width, height: header.height)
  }

  /// Annotations are written with two decimals: an edge is the sum of two numbers that were rounded.
  private static let rounding = 0.015
}

extension FaultTally {
  /// Counts the numbers of a record that are written as text.
  package mutating func add<Value>(_ record: JSONRecord<Value>, at place: JSONRecordPlace) {
    guard case .usable(_, let count) = record, count > 0 else { return }
    add(.numberAsText, count: count, place.annotationPlace().error("has a number written as text, used as a number"))
  }
}
