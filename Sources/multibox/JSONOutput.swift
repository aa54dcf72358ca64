import Foundation
import Training

/// What programs read.
enum JSONOutput {
  /// Writes one line of JSON to a file; `-` is standard output.
  static func write(_ value: some Encodable, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    if path == "-" {
      print(text)
    } else {
      try AtomicFile.replace(path, with: text + "\n")
    }
  }
}
