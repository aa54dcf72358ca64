import Foundation
import Images

/// A JSON file whose outermost value is an object with lists of records, decoded one record at a time.
///
/// Decoding such a file as a whole takes several times its size in memory, which for the half gigabyte of COCO's training
/// annotations is too much in every rank. Here the file is mapped, cut at its brackets, and each record given to
/// Foundation's decoder by itself; messages can then name the record.
struct JSONRecordFile {
  let path: String
  private let data: Data
  /// Where the value of each key of the outermost object is.
  private let sections: [String: Range<Int>]

  /// Maps a file and finds its sections.
  ///
  /// - Throws: `DatasetError` with the line for a file that cannot be read or is no JSON object.
  init(_ path: String) throws(DatasetError) {
    self.path = path
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw DatasetError(file: path, reason: "cannot be read: \(fileSystemReason(of: error))")
    }
    do {
      sections = try data.withUnsafeBytes { try Self.sections(JSONCursor($0)) }
    } catch let fault as JSONCursor.Fault {
      throw DatasetError(
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

  /// Decodes the records of a list, one by one and in order.
  ///
  /// - Parameters:
  ///   - section: the key of the list.
  ///   - body: takes each record and its place.
  /// - Throws: `DatasetError` when there is no such list; what `body` throws.
  func forEach<Record: JSONRecordContent>(
    _ type: Record.Type, in section: String,
    _ body: (JSONRecord<Record>, JSONRecordPlace) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    guard let range = sections[section] else {
      throw DatasetError(
        file: path, reason: "has no \"\(section)\"; the keys are \(sections.keys.sorted().joined(separator: ", "))")
    }
    let decoder = JSONDecoder()
    do {
      try data.withUnsafeBytes { bytes in
        var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: bytes[..<range.upperBound]), at: range.lowerBound)
        try cursor.expect("[", "\"\(section)\" is no list")
        if cursor.take("]") { return }
        var index = 0
        repeat {
          let range = try cursor.skipValue()
          let place = JSONRecordPlace(
            file: self, section: section, index: index, range: range, wholeNumbers: type.wholeNumbers)
          let record = UnsafeMutableRawPointer(mutating: bytes.baseAddress! + range.lowerBound)
          let text = Data(bytesNoCopy: record, count: range.count, deallocator: .none)
          do {
            try body(.usable(try decoder.decode(type, from: text)), place)
          } catch let error as DecodingError {
            try body(.broken { place.error(decoding: text, error) }, place)
          }
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
  func line(of position: Int) -> Int { Self.line(of: position, in: data) }

  private static func line(of position: Int, in data: Data) -> Int {
    data.withUnsafeBytes { bytes in
      var line = 1
      for index in 0..<min(position, bytes.count) { line &+= bytes[index] == UInt8(ascii: "\n") ? 1 : 0 }
      return line
    }
  }
}

/// What a record of a ``JSONRecordFile`` holds.
protocol JSONRecordContent: Decodable {
  /// The keys whose values are whole numbers.
  static var wholeNumbers: Set<String> { get }
}

/// A decoded record, or why it cannot be decoded.
enum JSONRecord<Value> {
  case usable(Value)
  case broken(() -> DatasetError)

  func value() throws(DatasetError) -> Value {
    switch self {
    case .usable(let value): return value
    case .broken(let error): throw error()
    }
  }
}

/// Where a record of a ``JSONRecordFile`` is.
struct JSONRecordPlace {
  let file: JSONRecordFile
  let section: String
  /// Counted from 0, as JSON's lists are.
  let index: Int
  fileprivate let range: Range<Int>
  /// The keys of the record whose values are whole numbers.
  fileprivate let wholeNumbers: Set<String>

  /// The place for messages.
  ///
  /// - Parameter identifier: the record's own number, if it is known.
  func annotationPlace(identifier: Int? = nil) -> AnnotationPlace {
    AnnotationPlace { reason in
      let number = identifier.map { " (id \($0))" } ?? ""
      return DatasetError(
        file: file.path, line: file.line(of: range.lowerBound), object: "\(section)[\(index)]\(number)", reason: reason)
    }
  }

  /// Says which key of the record is wrong, what was expected there and what was found.
  fileprivate func error(decoding text: Data, _ error: DecodingError) -> DatasetError {
    struct Identified: Decodable { let id: Int }
    let identifier = try? JSONDecoder().decode(Identified.self, from: text).id
    return annotationPlace(identifier: identifier).error(reason(of: error, in: text))
  }

  private func reason(of error: DecodingError, in text: Data) -> String {
    func place(_ path: [any CodingKey]) -> String {
      let keys = path.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
      return keys.hasPrefix(".") ? String(keys.dropFirst()) : keys
    }
    switch error {
    case .keyNotFound(let key, let context):
      return "\(place(context.codingPath + [key])) is missing"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      let key = context.codingPath.isEmpty ? "" : place(context.codingPath) + ": "
      return "\(key)expected \(Self.name(of: type)), found \(Self.found(context.codingPath, in: text))"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "\(place(context.codingPath)): \(Self.found(context.codingPath, in: text)) cannot be used there"
    default:
      return reason(rereading: text)
    }
  }

  /// Of a number that is none, or that is not whole, the decoder says only that it cannot be used.
  private func reason(rereading text: Data) -> String {
    var parser = JSONPullParser([UInt8](text))
    do throws(JSONPullParser.Fault) {
      try parser.forEachMember { parser, key throws(JSONPullParser.Fault) in
        if parser.takeNull() { return }
        if wholeNumbers.contains(key) {
          _ = try parser.integer()
        } else {
          try parser.skip()
        }
      }
      return "cannot be read: \(String(decoding: text.prefix(80), as: UTF8.self))\(text.count > 80 ? " …" : "")"
    } catch {
      return error.path.isEmpty ? error.reason : "\(error.path): \(error.reason)"
    }
  }

  private static func name(of type: any Any.Type) -> String {
    switch type {
    case is Int.Type: "a whole number"
    case is Double.Type: "a number"
    case is String.Type: "a text"
    case is [String: Any].Type: "an object"
    default: "a list"
    }
  }

  /// The value at a path of keys as JSON has it.
  private static func found(_ path: [any CodingKey], in text: Data) -> String {
    var value = try? JSONSerialization.jsonObject(with: text, options: .fragmentsAllowed)
    for key in path {
      value = key.intValue.flatMap { (value as? [Any])?[$0] } ?? (value as? [String: Any])?[key.stringValue]
    }
    guard let value,
      let json = try? JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
    else { return "something else" }
    let found = String(decoding: json, as: UTF8.self)
    return found.count > 60 ? "\(found.prefix(60)) …" : found
  }
}
