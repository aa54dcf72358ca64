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
    let text = try file.json(file.contents(mapped: true))
    if text.isEmpty { throw DatasetError(file: path, reason: "the file is empty") }
    sections = try JSONPullParser.parse(text) { parser throws(DatasetError) in
      do throws(JSONPullParser.Fault) {
        return try parser.sections()
      } catch {
        throw file.refusal(of: text) ?? Self.list(text, path)
          ?? DatasetError(notJSON: error, in: parser, file: path)
      }
    }
    data = text
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
    var index = 0
    try forEachRange(in: section) { range throws(DatasetError) in
      let place = JSONRecordPlace(file: self, section: section, index: index, range: range)
      try body(place.read(parse), place)
      index += 1
    }
  }

  /// Passes the records of a list without looking into them.
  ///
  /// - Parameter body: takes the place of each in ``data``.
  /// - Throws: `DatasetError` when there is no such list; what `body` throws.
  package func forEachRange(
    in section: String, _ body: (Range<Int>) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    guard let range = sections[section] else {
      throw DatasetError(
        file: path, reason: "has no \"\(section)\"; the keys are \(sections.keys.sorted().joined(separator: ", "))")
    }
    try JSONPullParser.parse(data, 0..<range.upperBound) { parser throws(DatasetError) in
      func pass<Value>(
        _ step: (inout JSONPullParser) throws(JSONPullParser.Fault) -> Value
      ) throws(DatasetError) -> Value {
        do throws(JSONPullParser.Fault) {
          return try step(&parser)
        } catch {
          throw DatasetError(notJSON: error, in: parser, file: path)
        }
      }
      parser.position = range.lowerBound
      let (open, comma, close) = (UInt8(ascii: "["), UInt8(ascii: ","), UInt8(ascii: "]"))
      guard parser.take(open) else {
        let reason = "\"\(section)\": \(parser.unexpected("a list of records").reason)"
        throw DatasetError(file: path, line: parser.line(of: parser.position), reason: reason)
      }
      if parser.take(close) { return }
      repeat {
        try body(pass { parser throws(JSONPullParser.Fault) in try parser.passValue() })
      } while parser.take(comma)
      try pass { parser throws(JSONPullParser.Fault) in
        try parser.expect(close, "a comma or the end of the list was expected")
      }
    }
  }

  /// What is to be said of a text whose outermost value is a list; nothing for another one.
  private static func list(_ text: Data, _ path: String) -> DatasetError? {
    let isList = JSONPullParser.parse(text) { parser in parser.isAtList() }
    guard isList else { return nil }
    let expected = "a list, where a JSON file of COCO has an object with \"images\", \"annotations\" and \"categories\""
    return DatasetError(file: path, reason: "\(expected): another program's annotations, as CreateML's, or detections")
  }

  /// The line of a byte, counted from 1.
  package func line(of position: Int) -> Int {
    JSONPullParser.parse(data) { parser in parser.line(of: position) }
  }
}

extension DatasetError {
  /// A fault of a text that cannot be cut into records.
  fileprivate init(notJSON fault: JSONPullParser.Fault, in parser: JSONPullParser, file: String) {
    self.init(file: file, line: parser.line(of: fault.position), reason: "not valid JSON: \(fault.reason)")
  }
}

extension JSONPullParser {
  /// Passes the outermost object without looking into its values, and returns where they are.
  fileprivate mutating func sections() throws(Fault) -> [String: Range<Int>] {
    var sections: [String: Range<Int>] = [:]
    try expect(UInt8(ascii: "{"), "an object was expected")
    if !take(UInt8(ascii: "}")) {
      repeat {
        let key = try plainKey()
        try expect(UInt8(ascii: ":"), "a colon was expected behind the key \"\(key)\"")
        guard sections.updateValue(try passValue(), forKey: key) == nil else {
          throw Fault(position: position, reason: "the key \"\(key)\" is there twice")
        }
      } while take(UInt8(ascii: ","))
      try expect(UInt8(ascii: "}"), "a comma or the end of the object was expected")
    }
    try expectEnd()
    return sections
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
    _ parse: (inout JSONPullParser) throws(JSONPullParser.Fault) -> Value
  ) -> JSONRecord<Value> {
    JSONPullParser.parse(file.data, range) { parser in
      do throws(JSONPullParser.Fault) {
        let value = try parse(&parser)
        try parser.end()
        return .usable(value, numbersAsText: parser.numbersAsText)
      } catch {
        return .broken { self.error(error, identifier: self.identifier) }
      }
    }
  }

  /// The `id` of the record, as far as it can be read.
  private var identifier: COCOFileIdentifier? {
    JSONPullParser.parse(file.data, range) { parser in
      var identifier: COCOFileIdentifier?
      try? parser.forEachMember { parser, key throws(JSONPullParser.Fault) in
        if key == "id" { identifier = try parser.ownIdentifier() } else { try parser.skip() }
      }
      return identifier
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
