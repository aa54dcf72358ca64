import Detection
import Images

extension Dataset {
  /// Reads splits in the layout of COCO's detection task: `annotations/instances_SPLIT.json`, or a file given by its path,
  /// and its images in the folder `SPLIT`, in `images`, beside the file, or in the root; `COCOSplit` has the details.
  ///
  /// Boxes are [x, y, width, height] in continuous pixels from 0 of the stored rows and columns. Crowd boxes are kept but
  /// marked: they are no objects to train on, and metrics ignore them. `difficult` and `ignore`, which COCO itself does not
  /// have, mark an object as difficult.
  ///
  /// ### Repaired, with a warning
  /// - A box without area is dropped; one that reaches outside the image is clipped; one outside altogether is dropped.
  /// - An object whose number another has is taken all the same.
  /// - Objects of categories that `classes` does not list are left out, with one warning for a file.
  ///
  /// Images of one `file_name` in several roots are told apart by `RootNames`.
  ///
  /// - Parameters:
  ///   - sources: the folders and their splits; their images follow one another.
  ///   - classes: names of categories in the order of their labels; nothing means all of the first file, by ascending id.
  ///   - rules: how large images may be.
  ///   - faults: whether to stop at the first error or to list all.
  ///   - willRead: called with the path of each image file before it is opened.
  /// - Throws: `DatasetError` with the list, the record and the key at fault.
  /// - Precondition: `sources` is not empty.
  public static func coco(
    _ sources: [DatasetSource], classes: [String]? = nil, rules: ReadingRules = ReadingRules(),
    faults: FaultLog.Policy = .stopAtFirstError, willRead: @escaping (String) -> Void = { _ in }
  ) throws -> Dataset {
    precondition(!sources.isEmpty, "a data set needs at least one root folder, got \(sources.count)")
    var reader = COCOReader(classNames: classes, rules: rules, log: FaultLog(faults), willRead: willRead)
    for source in sources { try reader.read(source) }
    return Dataset(
      classNames: reader.classNames ?? [], images: reader.images, faults: reader.log,
      cocoIdentifiers: reader.identifiers)
  }

  /// The names of the categories of a split, by ascending id: the classes when none are listed.
  ///
  /// - Throws: `DatasetError`.
  public static func categoryNames(ofCOCO source: DatasetSource) throws -> [String] {
    var reader = COCOReader(
      classNames: nil, rules: ReadingRules(), log: FaultLog(.stopAtFirstError), willRead: { _ in })
    _ = try reader.readCategories(JSONRecordFile(COCOSplit(source).path))
    return reader.classNames ?? []
  }
}

/// Collects the images of splits in the layout of COCO.
private struct COCOReader {
  /// Nothing until the first file has said what they are.
  private(set) var classNames: [String]?
  private(set) var log: FaultLog
  private let rules: ReadingRules
  private let willRead: (String) -> Void

  private var collected: [AnnotatedImage] = []
  private var names = RootNames()
  private var namesOfRoot: [String: Set<String>] = [:]
  private var imageNumbers: [Int] = []
  /// The number of each class in each file.
  private var categoryNumbers: [[Int]] = []

  init(classNames: [String]?, rules: ReadingRules, log: FaultLog, willRead: @escaping (String) -> Void) {
    (self.classNames, self.rules, self.log, self.willRead) = (classNames, rules, log, willRead)
  }

  /// What was read, with names that tell the roots apart.
  var images: [AnnotatedImage] { zip(collected, names.identifiers).map { $0.named($1) } }

  /// Nothing when the files disagree about what a number means.
  var identifiers: COCOIdentifiers? {
    guard let categories = categoryNumbers.first, categoryNumbers.allSatisfy({ $0 == categories }),
      Set(imageNumbers).count == imageNumbers.count
    else { return nil }
    return COCOIdentifiers(images: imageNumbers, categories: categories)
  }

  mutating func read(_ source: DatasetSource) throws(DatasetError) {
    guard
      let (split, file) = try log.attempt(
        .unreadableSplit,
        { () throws(DatasetError) in
          let split = try COCOSplit(source)
          return (split, try JSONRecordFile(split.path))
        })
    else { return }
    do throws(DatasetError) {
      let labels = try readCategories(file)
      let root = RootNames.canonical(source.root)
      var entries = try readImages(file, split, root: root)
      try readAnnotations(file, labels: labels, into: &entries)
      collected += entries.entries.map { entry in
        AnnotatedImage(
          identifier: entry.name, imagePath: entry.path, annotationPath: split.path, width: entry.header.width,
          height: entry.header.height, objects: entry.objects)
      }
      for entry in entries.entries { names.append(entry.name, root: root) }
      imageNumbers += entries.entries.map(\.number)
    } catch {
      try log.note(.unreadableSplit, error)
    }
  }

  // MARK: Categories

  /// Decides what the classes are, unless that is settled.
  ///
  /// - Returns: for each category of the file its label, or 0 when it is left out.
  mutating func readCategories(_ file: JSONRecordFile) throws(DatasetError) -> [Int: Int] {
    var categories: [COCOCategory] = []
    var names: Set<String> = []
    var numbers: Set<Int> = []
    try file.forEach(COCOCategory.self, in: "categories") { record, place throws(DatasetError) in
      let category = try record.value()
      let place = place.annotationPlace(identifier: category.id)
      if category.name.isEmpty { throw place.error("name: expected a text, found \"\"") }
      guard numbers.insert(category.id).inserted else { throw place.error("id: another category has the same") }
      guard names.insert(category.name).inserted else {
        throw place.error("name: another category is called \"\(category.name)\" too")
      }
      categories.append(category)
    }
    categories.sort { $0.id < $1.id }
    let isFirst = classNames == nil
    let classNames = classNames ?? categories.map(\.name)
    if categoryNumbers.isEmpty { try log.checkClasses(classNames, file: file.path) }
    self.classNames = classNames

    let numberOfName = Dictionary(uniqueKeysWithValues: categories.map { ($0.name, $0.id) })
    let missing = classNames.filter { numberOfName[$0] == nil }
    if let name = missing.first, !isFirst {
      let known = categories.map(\.name).joined(separator: ", ")
      throw DatasetError(
        file: file.path,
        reason:
          "has no category \"\(name)\", which is a class; its categories are \(known); \(FaultLog.classProposal(categories.map(\.name)))"
      )
    }
    categoryNumbers.append(classNames.compactMap { numberOfName[$0] })
    let labelOfName = Dictionary(classNames.enumerated().map { ($1, $0 + 1) }, uniquingKeysWith: { first, _ in first })
    return Dictionary(uniqueKeysWithValues: categories.map { ($0.id, labelOfName[$0.name] ?? 0) })
  }

  // MARK: Images

  private struct Entry {
    let number: Int
    let name: String
    let path: String
    let header: ImageHeader
    var objects: [AnnotatedObject] = []
  }

  private struct Entries {
    var entries: [Entry] = []
    /// The place in `entries` of each image's number.
    var indices: [Int: Int] = [:]
    /// The numbers of images that cannot be used.
    var unusable: Set<Int> = []

    func contains(_ number: Int) -> Bool { indices[number] != nil || unusable.contains(number) }
  }

  private mutating func readImages(
    _ file: JSONRecordFile, _ split: COCOSplit, root: String
  ) throws(DatasetError) -> Entries {
    var (result, isEmpty) = (Entries(), true)
    try file.forEach(COCOImage.self, in: "images") { record, place throws(DatasetError) in
      isEmpty = false
      guard let image = try usable(record) else { return }
      let place = place.annotationPlace(identifier: image.id)
      guard !result.contains(image.id) else {
        return try log.note(.ambiguousImage, place.error("id: another image has the same"))
      }
      if let entry = try entry(image, split, root: root, at: place) {
        result.indices[image.id] = result.entries.count
        result.entries.append(entry)
      } else {
        result.unusable.insert(image.id)
      }
    }
    if isEmpty { throw DatasetError(file: file.path, reason: "lists no image") }
    return result
  }

  private mutating func entry(
    _ image: COCOImage, _ split: COCOSplit, root: String, at place: AnnotationPlace
  ) throws(DatasetError) -> Entry? {
    let name = image.file_name
    if name.isEmpty || name.hasPrefix("/") || name.split(separator: "/").contains("..") {
      try log.note(
        .brokenAnnotation,
        place.error("file_name: expected a path inside the folder of images, found \"\(name)\""))
      return nil
    }
    guard namesOfRoot[root, default: []].insert(name).inserted else {
      try log.note(.ambiguousImage, place.error("file_name: another image has the same"))
      return nil
    }
    guard
      let path = try log.attempt(
        .missingFile, { () throws(DatasetError) in try split.path(ofImage: name, at: place) })
    else { return nil }
    willRead(path)
    guard let header = try log.header(ofImage: path, limit: rules.imageLimit),
      try log.check(
        statedWidth: image.width, statedHeight: image.height, against: header, of: path, mayBeExchanged: false,
        at: place)
    else { return nil }
    return Entry(number: image.id, name: name, path: path, header: header)
  }

  /// Nothing when the record is broken, which is noted.
  private mutating func usable<Value>(_ record: JSONRecord<Value>) throws(DatasetError) -> Value? {
    switch record {
    case .usable(let value): return value
    case .broken(let error):
      try log.note(.brokenAnnotation, error())
      return nil
    }
  }

  // MARK: Annotations

  private mutating func readAnnotations(
    _ file: JSONRecordFile, labels: [Int: Int], into entries: inout Entries
  ) throws(DatasetError) {
    var numbers: Set<Int> = []
    var leftOut = 0
    try file.forEach(COCOAnnotation.self, in: "annotations") { record, place throws(DatasetError) in
      guard let annotation = try usable(record) else { return }
      if let problem = annotation.problem {
        let place = place.annotationPlace(identifier: annotation.id)
        return try log.note(.brokenAnnotation, place.error(problem))
      }
      if !numbers.insert(annotation.id).inserted {
        let place = place.annotationPlace(identifier: annotation.id)
        try log.note(.repeatedObject, place.error("id: another object has the same"))
      }
      guard let label = labels[annotation.category_id] else {
        let reason = "category_id: \(annotation.category_id) is no category of the file"
        return try log.note(.unknownClass, place.annotationPlace(identifier: annotation.id).error(reason))
      }
      guard entries.contains(annotation.image_id) else {
        let reason = "image_id: \(annotation.image_id) is no image of the file"
        return try log.note(.brokenAnnotation, place.annotationPlace(identifier: annotation.id).error(reason))
      }
      if label == 0 {
        leftOut += 1
      } else if let index = entries.indices[annotation.image_id],
        let object = try object(annotation, label, in: entries.entries[index].header, place)
      {
        entries.entries[index].objects.append(object)
      }
    }
    if leftOut > 0 {
      let reason = "\(leftOut) of \(numbers.count) objects are of categories that are no classes, left out"
      try log.note(.unlistedCategory, DatasetError(file: file.path, reason: reason))
    }
  }

  private mutating func object(
    _ annotation: COCOAnnotation, _ label: Int, in header: ImageHeader, _ place: JSONRecordPlace
  ) throws(DatasetError) -> AnnotatedObject? {
    let box = annotation.bbox
    let edges = PixelBox(xMin: box[0], yMin: box[1], xMax: box[0] + box[2], yMax: box[1] + box[3])
    guard
      let inside = try log.clip(
        edges, hasArea: box[2] > 0 && box[3] > 0, written: "\(box)", to: header, tolerance: Self.rounding,
        at: place.annotationPlace(identifier: annotation.id))
    else { return nil }
    return AnnotatedObject(
      pixelBox: inside, label: label, isDifficult: annotation.isDifficult, isCrowd: annotation.isCrowd,
      area: annotation.area, width: header.width, height: header.height)
  }

  /// Annotations are written with two decimals: an edge is the sum of two numbers that were rounded.
  private static let rounding = 0.015
}
