import Foundation

/// The text of one of the small files that YOLO data consist of.
struct YOLOText {
  /// The longest description or list of names, in bytes.
  private static let largestFile = 1 << 26

  let text: String

  /// - Throws: `DatasetError` for a file that cannot be read or is something else.
  init(contentsOf path: String, kind: AnnotationFile.Kind) throws(DatasetError) {
    let file = AnnotationFile(path: path, kind: kind)
    let bytes = try file.contents()
    if let refusal = file.refusal(of: bytes) { throw refusal }
    if bytes.count > Self.largestFile {
      throw DatasetError(file: path, reason: "has \(bytes.count) bytes, too many for \(kind.rawValue)")
    }
    do {
      text = try UnicodeText(Array(bytes)).text
    } catch {
      throw DatasetError(file: path, line: error.line, reason: error.reason)
    }
  }

  /// The lines without their ends, whatever system wrote them.
  var lines: [Substring] { text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) }
}
