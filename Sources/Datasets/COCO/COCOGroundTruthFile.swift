import Detection
import Foundation

/// What scoring needs of a file of COCO annotations: images, categories and boxes, without the image files.
package struct COCOGroundTruthFile: Sendable {
  /// A kind of objects.
  package struct Category: Sendable, Equatable {
    /// What annotations and results call it.
    package let identifier: Int
    /// What people call it; unique.
    package let name: String
  }

  /// An annotated object.
  package struct Annotation: Sendable, Equatable {
    /// What the file calls it, if it does.
    package let identifier: COCOFileIdentifier?
    /// Position in `images`.
    package let imageIndex: Int
    /// Class index: 1 for the first of `categories`.
    package let label: Int
    /// Where the object is.
    package let box: COCOBox
    /// Pixels of the outline; the area of the box where the file states none.
    package let area: Double
    /// Many objects that were not told apart.
    package let isCrowd: Bool
    /// Marked by `ignore` or `difficult`.
    package let isDifficult: Bool
  }

  /// The images, by increasing number.
  package let images: [COCOFileIdentifier]
  /// The categories, by increasing number.
  package let categories: [Category]
  /// The objects, in the order of the file.
  package let annotations: [Annotation]
  /// How many numbers are written as text.
  package let numbersAsText: Int
  /// Whether the boxes look like fractions of the image.
  package let fractions: FractionCheck
  /// What was repaired, in the words in which a data set to evaluate on tells it.
  package let warnings: [String]

  /// Reads the text of a file. As in a data set to evaluate on, a box that is missing is the one around the outline, an
  /// object with the number of another is taken, and a box of a negative size is dropped; `Dataset.coco` says more.
  ///
  /// - Parameter file: the file's name, for messages.
  /// - Throws: `DatasetError` with line and record (counted from 0) for text that is no such file, a key that is missing or
  ///   has a value of another kind, a number that is not finite, an image or a category whose identifier another has, or an
  ///   identifier that refers to nothing.
  package init(_ text: Data, file: String) throws(DatasetError) {
    self = try AnnotationFile(path: file, kind: .json).parse(text) {
      parser throws(JSONPullParser.Fault) in try Self(&parser, file: file)
    }
  }

  private init(_ parser: inout JSONPullParser, file: String) throws(JSONPullParser.Fault) {
    var log = FaultLog(.stopAtFirstError)
    var reader = COCOGroundTruthReader(file: file)
    try reader.read(&parser)
    (images, categories) = (reader.images.sorted(), reader.sortedCategories())
    let parsed = parser
    annotations = try reader.annotations(images: images, categories: categories) { kind, index, reason in
      let object = reader.objects[index]
      let number = object.record.id.map { " (id \($0))" } ?? ""
      // These are no errors, so nothing is thrown.
      try? log.note(
        kind,
        DatasetError(
          file: file, line: parsed.line(of: object.position), object: "annotations[\(index)]\(number)", reason: reason
        ))
    }
    warnings = log.lines
    (numbersAsText, fractions) = (parser.numbersAsText, reader.fractions)
  }
}

/// Collects the records, whose references may point forward, and follows them when all are there.
private struct COCOGroundTruthReader {
  package typealias Fault = JSONPullParser.Fault

  struct Object {
    let position: Int
    let record: COCOAnnotation
  }

  let file: String
  private(set) var fractions = FractionCheck()
  private(set) var images: Set<COCOFileIdentifier> = []
  private var names: [Int: String] = [:]
  private(set) var objects: [Object] = []

  init(file: String) { self.file = file }

  mutating func read(_ parser: inout JSONPullParser) throws(Fault) {
    var missing = ["images", "categories", "annotations"]
    try parser.forEachMember { parser, key throws(Fault) in
      missing.removeAll { $0 == key }
      switch key {
      case "images": try parser.forEachElement { parser, _ throws(Fault) in try readImage(&parser) }
      case "categories": try parser.forEachElement { parser, _ throws(Fault) in try readCategory(&parser) }
      case "annotations": try parser.forEachElement { parser, _ throws(Fault) in try readObject(&parser) }
      default: try parser.skip()
      }
    }
    try parser.end()
    if let section = missing.first { throw Fault(position: 0, reason: "there is no list \"\(section)\"") }
  }

  private mutating func readImage(_ parser: inout JSONPullParser) throws(Fault) {
    let start = parser.position
    var identifier: COCOFileIdentifier?
    try parser.forEachMember { parser, key throws(Fault) in
      if key == "id" { identifier = try parser.identifier() } else { try parser.skip() }
    }
    guard let identifier else { throw Fault(position: start, reason: "id is missing") }
    if !images.insert(identifier).inserted {
      throw Fault(position: start, reason: "the id \(identifier) occurs twice")
    }
  }

  private mutating func readCategory(_ parser: inout JSONPullParser) throws(Fault) {
    let start = parser.position
    let category = try parser.cocoCategory(namesMissing: true)
    if names.updateValue(category.name, forKey: category.id) != nil {
      throw Fault(position: start, reason: "the id \(category.id) occurs twice")
    }
  }

  private mutating func readObject(_ parser: inout JSONPullParser) throws(Fault) {
    let position = parser.position
    let record = try parser.cocoAnnotation()
    fractions.add(
      record.bbox, at: AnnotationPlace(parser, position, file: file, object: "annotations[\(objects.count)]"))
    objects.append(Object(position: position, record: record))
  }

  /// The categories by increasing number. A name that several have gets its number behind it, unless only one of them has
  /// objects, which keeps it.
  func sortedCategories() -> [COCOGroundTruthFile.Category] {
    let annotated = Set(objects.map(\.record.category_id))
    let numbers = Dictionary(grouping: names.keys) { names[$0]! }
    return names.sorted { $0.key < $1.key }.map { identifier, name in
      let owners = numbers[name]!.count == 1 ? [identifier] : numbers[name]!.filter(annotated.contains)
      return COCOGroundTruthFile.Category(
        identifier: identifier, name: owners == [identifier] ? name : "\(name) (\(identifier))")
    }
  }

  /// The objects with what they refer to.
  ///
  /// - Parameter note: called with each repair, the index of the object and what is said of it.
  func annotations(
    images: [COCOFileIdentifier], categories: [COCOGroundTruthFile.Category],
    note: (DatasetFault.Kind, Int, String) -> Void
  ) throws(Fault) -> [COCOGroundTruthFile.Annotation] {
    let imageIndices = Dictionary(uniqueKeysWithValues: zip(images, images.indices))
    let labels = Dictionary(uniqueKeysWithValues: zip(categories.map(\.identifier), 1...))
    var identifiers: Set<COCOFileIdentifier> = []
    var annotations: [COCOGroundTruthFile.Annotation] = []
    var strays = StrayAnnotations<Int>()
    for (index, object) in objects.enumerated() {
      let record = object.record
      guard let label = labels[record.category_id] else {
        throw fault(index, "there is no category \(record.category_id)")
      }
      let image = imageIndices[record.image_id]
      strays.add("\(record.image_id)", isListed: image != nil, at: index)
      guard let imageIndex = image else { continue }
      if let identifier = record.id, !identifiers.insert(identifier).inserted {
        note(.repeatedObject, index, "id: another object has the same")
      }
      let box = COCOBox(record.bbox)
      if box.negativeSize != nil {
        note(.boxWithoutArea, index, "box \(record.bbox) has no area, dropped")
        continue
      }
      annotations.append(
        COCOGroundTruthFile.Annotation(
          identifier: record.id, imageIndex: imageIndex, label: label, box: box, area: record.area ?? box.area,
          isCrowd: record.isCrowd, isDifficult: record.isDifficult))
    }
    if let stray = strays.fault {
      if stray.kind.isError { throw fault(stray.place, stray.reason) }
      note(stray.kind, stray.place, stray.reason)
    }
    return annotations
  }

  private func fault(_ index: Int, _ reason: String) -> Fault {
    Fault(position: objects[index].position, reason: reason).inside("annotations[\(index)]")
  }
}
