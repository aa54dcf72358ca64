import Files
import Foundation

/// What programs read.
struct JSONOutput {
  private let path: String

  /// - Parameter path: a file; `-` is standard output.
  /// - Throws: `FileError` when the file cannot be written, so that this is known before the work is done.
  init(_ path: String) throws {
    self.path = path
    if path != "-" { try AtomicFile.requireWritable(path) }
  }

  /// Writes one line of JSON.
  func write(_ value: some Encodable) throws {
    let text = try JSONText.line(value)
    if path == "-" {
      print(text)
    } else {
      try AtomicFile.replace(path, with: text + "\n")
    }
  }
}
