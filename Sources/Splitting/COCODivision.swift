import Datasets
import Foundation

/// A file of COCO's annotations that can be divided into several, each with some of its images and their objects.
///
/// Records are copied byte for byte, and so is everything else that the file has, whoever's program has written it.
package struct COCODivision {
  /// The file.
  package let path: String
  /// The images in the order of the file; those whose file was not found have no path.
  package let images: [SplitImage]
  /// The names of the categories that have objects, by ascending id: classes that every part can be read with.
  package let classNames: [String]
  /// What is left out or repaired.
  package let warnings: [String]
  private let file: JSONRecordFile
  private let imageRecords: [Range<Int>]
  /// The objects' records, each with the index of its image.
  private let objectRecords: [(image: Int, record: Range<Int>)]

  /// Reads a file as far as its division needs.
  ///
  /// - Parameter locate: gives the file of each image, by its `file_name`.
  /// - Throws: `DatasetError` naming the record, when it is no such file, refers to what it does not have, or lists no image
  ///   or no object; and when training would refuse its images' names or its categories.
  package init(_ path: String, locate: ([String]) throws(DatasetError) -> [String?]) throws(DatasetError) {
    self.path = path
    file = try JSONRecordFile(path)
    var log = FaultLog(.stopAtFirstError)
    let list = try COCOCategoryList(file, wanted: nil, log: &log)
    var reader = COCODivisionReader(
      file: file, categories: Dictionary(uniqueKeysWithValues: list.categories.map { ($0.id, $0.name) }))
    try reader.read()
    imageRecords = reader.images.map(\.record)
    objectRecords = reader.objects
    images = zip(zip(reader.images, try locate(reader.images.map(\.name))), reader.counts).map { image, counts in
      SplitImage(name: image.0.name, path: image.1, objects: counts)
    }
    if let fault = reader.strays.fault { try log.note(fault.kind, fault.place.adding(fault.reason)) }
    if objectRecords.isEmpty { throw DatasetError(file: path, reason: "has no object to train on") }
    let used = Set(images.flatMap(\.objects.keys))
    classNames = list.names.filter(used.contains)
    try log.checkClasses(classNames, file: path)
    warnings = log.lines
  }

  /// Whether there is a file of COCO's annotations that lists images of this one alone, as a part of it does.
  package func hasAllImages(ofFile path: String) -> Bool {
    var names: Set<String> = []
    do {
      try JSONRecordFile(path).forEach(in: "images", { parser throws(JSONPullParser.Fault) in try parser.cocoImage() })
      {
        record, _ throws(DatasetError) in names.insert(try record.value().file_name)
      }
    } catch {
      return false
    }
    return !names.isEmpty && names.isSubset(of: images.map(\.name))
  }

  /// The text of a file with some of the images.
  ///
  /// - Parameter keep: by index of ``images``.
  package func text(keeping keep: (Int) -> Bool) -> Data {
    func list(_ records: [Range<Int>]) -> Data {
      var list = Data("[".utf8)
      for (index, record) in records.enumerated() {
        list += index == 0 ? "\n".utf8 : ",\n".utf8
        list += file.data[record]
      }
      return list + (records.isEmpty ? "]".utf8 : "\n]".utf8)
    }
    let replaced = [
      "images": list(imageRecords.indices.filter(keep).map { imageRecords[$0] }),
      "annotations": list(objectRecords.filter { keep($0.image) }.map(\.record)),
    ]
    var (text, end) = (Data(), 0)
    for (key, range) in file.sections.sorted(by: { $0.value.lowerBound < $1.value.lowerBound }) {
      text += file.data[end..<range.lowerBound]
      text += replaced[key] ?? file.data[range]
      end = range.upperBound
    }
    return text + file.data[end...]
  }
}

/// Finds the records of a file and what they refer to.
private struct COCODivisionReader {
  typealias Fault = JSONPullParser.Fault

  let file: JSONRecordFile
  private(set) var images: [(name: String, record: Range<Int>)] = []
  private(set) var objects: [(image: Int, record: Range<Int>)] = []
  private(set) var strays = StrayAnnotations<DatasetError>()
  /// Names of the categories that can have objects, by id.
  private let categories: [Int: String]
  /// Objects of each class, by image.
  private(set) var counts: [[String: Int]] = []
  /// The place of each image. Numbers may be written as text, so both are compared as text.
  private var indices: [String: Int] = [:]

  init(file: JSONRecordFile, categories: [Int: String]) { (self.file, self.categories) = (file, categories) }

  mutating func read() throws(DatasetError) {
    var names: Set<String> = []
    for (index, record) in try records("images").enumerated() {
      let place = "images[\(index)]"
      let fields = try fields(["id", "file_name"], of: record, place)
      guard let id = fields["id"], let name = fields["file_name"], !name.isEmpty else {
        throw error("\(fields["id"] == nil ? "id" : "file_name") is missing", record, place)
      }
      guard indices.updateValue(images.count, forKey: id) == nil else {
        throw error("id: another image has the same, \(id)", record, place)
      }
      guard names.insert(name).inserted else {
        throw error("file_name: another image has the same, \(name)", record, place)
      }
      images.append((name, record))
    }
    if images.isEmpty { throw DatasetError(file: file.path, reason: "lists no image") }
    counts = Array(repeating: [:], count: images.count)
    var strays = StrayAnnotations<DatasetError>()
    for (index, record) in try records("annotations").enumerated() {
      let place = "annotations[\(index)]"
      let fields = try fields(["image_id", "category_id"], of: record, place)
      guard let number = fields["image_id"] else { throw error("image_id is missing", record, place) }
      let image = indices[number]
      strays.add(number, isListed: image != nil, at: error("", record, place))
      guard let image else { continue }
      guard let name = fields["category_id"].flatMap({ Int($0) }).flatMap({ categories[$0] }) else {
        throw error(
          "category_id: \(fields["category_id"] ?? "missing"), which is no category of the file", record, place)
      }
      counts[image][name, default: 0] += 1
      objects.append((image, record))
    }
    self.strays = strays
  }

  /// Where the records of a list are; that it is one is known before any is read.
  private func records(_ section: String) throws(DatasetError) -> [Range<Int>] {
    var records: [Range<Int>] = []
    try file.forEachRange(in: section) { range in records.append(range) }
    return records
  }

  /// The texts and whole numbers under some keys of a record.
  private func fields(
    _ keys: Set<String>, of record: Range<Int>, _ place: String
  ) throws(DatasetError) -> [String: String] {
    var fields: [String: String] = [:]
    do throws(Fault) {
      try JSONPullParser.parse(file.data, record) { parser throws(Fault) in
        try parser.forEachMember { parser, key throws(Fault) in
          guard keys.contains(key) else { return try parser.skip() }
          switch try parser.identifier() {
          case .number(let number): fields[key] = "\(number)"
          case .name(let name): fields[key] = name
          }
        }
      }
    } catch {
      throw self.error(error.path.isEmpty ? error.reason : "\(error.path): \(error.reason)", record, place)
    }
    return fields
  }

  private func error(_ reason: String, _ record: Range<Int>, _ place: String) -> DatasetError {
    DatasetError(file: file.path, line: file.line(of: record.lowerBound), object: place, reason: reason)
  }
}
