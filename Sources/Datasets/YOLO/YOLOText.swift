import Foundation

/// The text of one of the small files that YOLO data consist of.
struct YOLOText {
  /// The longest file, in bytes; lists name the images of a whole data set.
  private static func largestFile(_ kind: AnnotationFile.Kind) -> Int { kind == .list ? 1 << 29 : 1 << 24 }

  let text: String

  /// - Parameter bytes: what is in the file, when it has been read already.
  /// - Throws: `DatasetError` for a file that cannot be read or is something else.
  init(contentsOf path: String, kind: AnnotationFile.Kind, bytes: [UInt8]? = nil) throws(DatasetError) {
    let file = AnnotationFile(path: path, kind: kind)
    let most = Self.largestFile(kind)
    let bytes = try file.contents(orRead: bytes, upTo: most + 1)
    if let refusal = file.refusal(of: bytes) { throw refusal }
    if bytes.count > most {
      throw DatasetError(file: path, reason: "has more than \(most) bytes, too many for \(kind.rawValue)")
    }
    do {
      text = try UnicodeText(bytes).text
    } catch {
      throw DatasetError(file: path, line: error.line, reason: error.reason)
    }
  }

  /// The lines without their ends, whatever system wrote them.
  var lines: [Substring] { text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) }
}
