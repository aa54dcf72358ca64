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

  /// Writes a value as one line of JSON.
  func write(_ value: some Encodable) throws { try write(line: JSONText.line(value)) }

  /// Writes a line of JSON, given without its end.
  func write(line text: String) throws {
    if path == "-" {
      print(text)
    } else {
      try AtomicFile.replace(path, with: text + "\n")
    }
  }
}
