import Files
import Foundation
import Tensors

/// The tensors and texts that a safetensors file declares, checked against the file's size before anything is used.
///
/// ### Source
/// github.com/huggingface/safetensors, format and `Metadata::validate`.
package struct SafetensorsHeader {
  /// The longest header the reference implementation accepts, in bytes.
  static let maximumByteCount = 100_000_000

  /// By name, in UTF-8 order.
  package let tensors: [TensorEntry]
  /// By tensor name: the place of its bytes, counted from the end of the header.
  let byteRanges: [String: Range<Int>]
  /// The entry `__metadata__`.
  package let metadata: [String: String]

  /// Parses and validates.
  ///
  /// - Parameters:
  ///   - json: the bytes between the length and the data.
  ///   - dataByteCount: the bytes that follow it in the file.
  package init(json: [UInt8], dataByteCount: Int, path: String) throws(FileError) {
    guard json.first == UInt8(ascii: "{") else {
      throw FileError(path, "the header is not a JSON object")
    }
    // Foundation would take UTF-16 and UTF-32 too.
    guard !json.contains(0) else { throw FileError(path, "the header is not in UTF-8") }
    let declared: Declared
    do {
      declared = try JSONDecoder().decode(Declared.self, from: Data(json))
    } catch let error as DecodingError {
      throw FileError(path, error)
    } catch {
      throw FileError(path, "the header is not valid: \(error)")
    }
    if let key = Self.duplicateKey(in: json) {
      throw FileError(path, "the header has the key '\(key)' more than once")
    }
    metadata = declared.metadata
    let inDataOrder = declared.tensors.sorted { first, second in
      first.entry.dataOffsets == second.entry.dataOffsets
        ? first.name < second.name : first.entry.dataOffsets.lexicographicallyPrecedes(second.entry.dataOffsets)
    }
    var end = 0
    var ranges: [String: Range<Int>] = [:]
    var tensors: [TensorEntry] = []
    for (name, entry) in inDataOrder {
      let tensor = try Self.validate(name, entry, start: end, dataByteCount: dataByteCount, path: path)
      end = entry.dataOffsets[1]
      ranges[name] = entry.dataOffsets[0]..<end
      tensors.append(tensor)
    }
    guard end == dataByteCount else {
      throw FileError(path, "the tensors end at byte \(end) of the data, the file at byte \(dataByteCount)")
    }
    byteRanges = ranges
    self.tensors = tensors.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private static func validate(
    _ name: String, _ entry: Entry, start: Int, dataByteCount: Int, path: String
  ) throws(FileError) -> TensorEntry {
    func fault(_ reason: String) -> FileError { FileError(path, tensor: name, reason) }
    guard let type = ElementType(rawValue: entry.dtype) else {
      throw fault("unknown dtype '\(entry.dtype)'")
    }
    var byteCount = type.byteCount
    var overflows = false
    for extent in entry.shape {
      guard extent >= 0 else { throw fault("negative extent in shape \(entry.shape)") }
      let product = byteCount.multipliedReportingOverflow(by: extent)
      byteCount = product.partialValue
      overflows = overflows || product.overflow
    }
    guard !overflows else { throw fault("shape \(entry.shape) has more bytes than can be counted") }
    let offsets = entry.dataOffsets
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
      throw fault("data_offsets \(offsets) are not a range")
    }
    guard offsets[0] == start else {
      let fault = offsets[0] < start ? "overlaps the tensor before it" : "leaves a hole before it"
      throw FileError(path, tensor: name, "data_offsets \(offsets) \(fault), which ends at \(start)")
    }
    guard offsets[1] <= dataByteCount else {
      throw fault("ends at byte \(offsets[1]) of the data, the file at byte \(dataByteCount)")
    }
    guard byteCount == offsets[1] - offsets[0] else {
      throw fault(
        "shape \(entry.shape) of \(entry.dtype) takes \(byteCount) bytes, data_offsets hold \(offsets[1] - offsets[0])")
    }
    return TensorEntry(name: name, type: type, shape: entry.shape)
  }

  /// The first key that one object of valid JSON has twice; the decoder keeps one of them without a word.
  private static func duplicateKey(in json: [UInt8]) -> String? {
    var seen: [Set<String>] = []
    var key = 0..<0
    var index = 0
    while index < json.count {
      switch json[index] {
      case UInt8(ascii: "\""):
        let start = index
        index += 1
        while json[index] != UInt8(ascii: "\"") {
          index += json[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        key = start..<index + 1
      case UInt8(ascii: "{"):
        seen.append([])
      case UInt8(ascii: "}"):
        seen.removeLast()
      case UInt8(ascii: ":"):
        let text = text(of: json[key])
        if !seen[seen.count - 1].insert(text).inserted { return text }
      default:
        break
      }
      index += 1
    }
    return nil
  }

  /// The text of a valid JSON string literal: with or without escapes, the same text is the same key.
  private static func text(of literal: ArraySlice<UInt8>) -> String {
    if literal.contains(UInt8(ascii: "\\")), let text = try? JSONDecoder().decode(String.self, from: Data(literal)) {
      return text
    }
    return String(decoding: literal.dropFirst().dropLast(), as: UTF8.self)
  }

  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  private struct Declared: Decodable {
    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    var tensors: [(name: String, entry: Entry)] = []
    var metadata: [String: String] = [:]

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      for key in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
        if key.stringValue == "__metadata__" {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          tensors.append((key.stringValue, try container.decode(Entry.self, forKey: key)))
        }
      }
    }
  }
}

extension FileError {
  /// Names the entry of the header that does not decode.
  fileprivate init(_ path: String, _ error: DecodingError) {
    func reason(_ context: DecodingError.Context, _ what: String) -> (String?, String) {
      let place = context.codingPath.map(\.stringValue)
      return (place.first, ([what] + (place.count > 1 ? ["in \(place[1])"] : [])).joined(separator: " "))
    }
    let (tensor, text): (String?, String) =
      switch error {
      case .keyNotFound(let key, let context): reason(context, "\(key.stringValue) is missing")
      case .typeMismatch(_, let context): reason(context, "a value of the wrong type")
      case .valueNotFound(_, let context): reason(context, "null instead of a value")
      case .dataCorrupted(let context): reason(context, "not valid JSON: \(context.debugDescription)")
      @unknown default: (nil, "\(error)")
      }
    self.init(path, tensor: tensor, "header: \(text)")
  }
}
