import Foundation

/// A JSON file whose outermost value is an object with lists of records, decoded one record at a time.
///
/// Decoding such a file as a whole takes several times its size in memory, which for the half gigabyte of COCO's training
/// annotations is too much in every rank. Here the file is mapped, cut at its brackets, and each record read by itself;
/// messages can then name the record.
package struct JSONRecordFile {
  package let path: String
  package let data: Data
  /// Where the value of each key of the outermost object is.
  package let sections: [String: Range<Int>]

  /// Maps a file and finds its sections.
  ///
  /// - Throws: `DatasetError` with the line for a file that cannot be read or is no JSON object.
  package init(_ path: String) throws(DatasetError) {
    self.path = path
    let file = AnnotationFile(path: path, kind: .json)
    data = try file.json(file.contents(.mappedIfSafe)) { Data($0) }
    if data.isEmpty { throw DatasetError(file: path, reason: "the file is empty") }
    do {
      sections = try data.withUnsafeBytes { try Self.sections(JSONCursor($0)) }
    } catch let fault as JSONCursor.Fault {
      throw file.refusal(of: data)
        ?? DatasetError(
          file: path, line: Self.line(of: fault.position, in: data), reason: "not valid JSON: \(fault.reason)")
    } catch {
      throw DatasetError(file: path, reason: "\(error)")
    }
  }

  private static func sections(_ start: JSONCursor) throws -> [String: Range<Int>] {
    var (cursor, sections) = (start, [String: Range<Int>]())
    try cursor.skipByteOrderMark()
    try cursor.expect("{", "an object was expected")
    if !cursor.take("}") {
      repeat {
        let key = try cursor.string()
        try cursor.expect(":", "a colon was expected behind the key \"\(key)\"")
        guard sections.updateValue(try cursor.skipValue(), forKey: key) == nil else {
          throw JSONCursor.Fault(position: cursor.position, reason: "the key \"\(key)\" is there twice")
        }
      } while cursor.take(",")
      try cursor.expect("}", "a comma or the end of the object was expected")
    }
    try cursor.expectEnd()
    return sections
  }

  /// Reads the records of a list, one by one and in order.
  ///
  /// - Parameters:
  ///   - section: the key of the list.
  ///   - parse: passes a record.
  ///   - body: takes each record and its place.
  /// - Throws: `DatasetError` when there is no such list; what `body` throws.
  package func forEach<Record>(
    in section: String, _ parse: (inout JSONPullParser) throws(JSONPullParser.Fault) -> Record,
    _ body: (JSONRecord<Record>, JSONRecordPlace) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    guard let range = sections[section] else {
      throw DatasetError(
        file: path, reason: "has no \"\(section)\"; the keys are \(sections.keys.sorted().joined(separator: ", "))")
    }
    do {
      try data.withUnsafeBytes { bytes in
        var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: bytes[..<range.upperBound]), at: range.lowerBound)
        try cursor.expect("[", "\"\(section)\" is no list")
        if cursor.take("]") { return }
        var index = 0
        repeat {
          let range = try cursor.skipValue()
          let place = JSONRecordPlace(file: self, section: section, index: index, range: range)
          try body(place.read(JSONPullParser([UInt8](bytes[range])), parse), place)
          index += 1
        } while cursor.take(",")
        try cursor.expect("]", "a comma or the end of the list was expected")
      }
    } catch let fault as JSONCursor.Fault {
      throw DatasetError(file: path, line: line(of: fault.position), reason: "not valid JSON: \(fault.reason)")
    } catch let error as DatasetError {
      throw error
    } catch {
      throw DatasetError(file: path, reason: "\(error)")
    }
  }

  /// The line of a byte, counted from 1.
  package func line(of position: Int) -> Int { Self.line(of: position, in: data) }

  private static func line(of position: Int, in data: Data) -> Int {
    data.withUnsafeBytes { bytes in
      var line = 1
      for index in 0..<min(position, bytes.count) { line &+= bytes[index] == UInt8(ascii: "\n") ? 1 : 0 }
      return line
    }
  }
}

/// A record, or why it cannot be read.
package enum JSONRecord<Value> {
  /// With how many of its numbers are written as text.
  case usable(Value, numbersAsText: Int)
  case broken(() -> DatasetError)

  package func value() throws(DatasetError) -> Value {
    switch self {
    case .usable(let value, _): return value
    case .broken(let error): throw error()
    }
  }
}

/// Where a record of a ``JSONRecordFile`` is.
package struct JSONRecordPlace {
  package let file: JSONRecordFile
  package let section: String
  /// Counted from 0, as JSON's lists are.
  package let index: Int
  fileprivate let range: Range<Int>

  /// Reads the record.
  fileprivate func read<Value>(
    _ start: JSONPullParser, _ parse: (inout JSONPullParser) throws(JSONPullParser.Fault) -> Value
  ) -> JSONRecord<Value> {
    var parser = start
    do throws(JSONPullParser.Fault) {
      let value = try parse(&parser)
      try parser.end()
      return .usable(value, numbersAsText: parser.numbersAsText)
    } catch {
      return .broken { self.error(error, identifier: start.identifierOfRecord) }
    }
  }

  /// The place for messages.
  ///
  /// - Parameter identifier: the record's own number, if it is known.
  func annotationPlace(identifier: COCOFileIdentifier? = nil) -> AnnotationPlace {
    AnnotationPlace { reason in error(at: range.lowerBound, identifier, reason) }
  }

  private func error(at position: Int, _ identifier: COCOFileIdentifier?, _ reason: String) -> DatasetError {
    let number = identifier.map { " (id \($0))" } ?? ""
    return DatasetError(
      file: file.path, line: file.line(of: position), object: "\(section)[\(index)]\(number)", reason: reason)
  }

  /// Says which key of the record is wrong, what was expected there and what was found.
  private func error(_ fault: JSONPullParser.Fault, identifier: COCOFileIdentifier?) -> DatasetError {
    let reason = fault.path.isEmpty ? fault.reason : "\(fault.path): \(fault.reason)"
    return error(at: range.lowerBound + fault.position, identifier, reason)
  }
}

extension JSONPullParser {
  /// The `id` of the record that begins here, as far as it can be read.
  fileprivate var identifierOfRecord: COCOFileIdentifier? {
    var (parser, identifier) = (self, COCOFileIdentifier?.none)
    try? parser.forEachMember { parser, key throws(Fault) in
      if key == "id" { identifier = try parser.ownIdentifier() } else { try parser.skip() }
    }
    return identifier
  }
}
