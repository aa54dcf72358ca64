import Files
import Foundation

/// A file of annotations or of names, as bytes; one that is something else is named for what it is.
struct AnnotationFile {
  /// What a file is to be.
  enum Kind: String {
    case xml = "an annotation of Pascal VOC (XML)"
    case json = "a JSON file of COCO"
    case list = "a list of image names"
    case yaml = "a description of YOLO data (YAML)"
    case darknet = "a description of YOLO data (key = value)"
    case names = "a list of the names of classes"
    case labels = "a file of YOLO labels"
  }

  let path: String
  let kind: Kind

  /// The bytes of the file.
  ///
  /// - Parameters:
  ///   - mapped: whether they stay in the file as far as that is possible, and are read where they are looked at.
  ///   - limit: how many are read at the most, where they are not mapped.
  /// - Throws: `DatasetError` with the system's reason.
  func contents(mapped: Bool = false, upTo limit: Int = .max) throws(DatasetError) -> Data {
    do {
      return try mapped ? FileContent.mapped(path) : Data(FileContent.bytes(of: path, upTo: limit))
    } catch {
      if FileManager.default.isDirectory(path) {
        throw DatasetError(file: path, reason: "is a directory, \(kind.rawValue) is expected")
      }
      throw DatasetError(file: path, reason: "cannot be read: \(fileSystemReason(of: error))")
    }
  }

  /// The bytes of the file, or those that have been read already.
  func contents(orRead bytes: [UInt8]?, upTo limit: Int = .max) throws(DatasetError) -> [UInt8] {
    if let bytes { return bytes }
    return Array(try contents(upTo: limit))
  }

  /// Why bytes are no such file by what they begin with; nothing when they may be one, as when they are empty.
  func refusal(of bytes: some Collection<UInt8>) -> DatasetError? {
    let prefix = Array(bytes.prefix(FileSignature.prefixLength))
    guard let found = FileSignature(prefix, name: path) else { return nil }
    let first = prefix.first { $0 > 0x20 && $0 < 0x7F }
    let isSuch =
      switch (kind, found) {
      case (_, .empty), (.xml, .xml), (.json, .json),
        (.list, .text), (.yaml, .text), (.yaml, .json), (.darknet, .text), (.names, .text), (.names, .json),
        (.labels, .text):
        true
      case (.xml, .text): first == UInt8(ascii: "<")
      // A name may begin with a bracket.
      case (.list, .json): (try? JSONSerialization.jsonObject(with: Data(bytes))) == nil
      default: false
      }
    return isSuch ? nil : DatasetError(file: path, reason: found.refusal(expecting: kind.rawValue))
  }

  /// The text of a JSON file in UTF-8, in which it is left as it is.
  ///
  /// - Throws: `DatasetError` for damaged UTF-16, and for UTF-32.
  func json(_ bytes: Data) throws(DatasetError) -> Data {
    guard UnicodeText.isWide(Array(bytes.prefix(4))) else { return bytes }
    do {
      return Data(try UnicodeText(Array(bytes)).text.utf8)
    } catch {
      throw DatasetError(file: path, line: error.line, reason: error.reason)
    }
  }
}
