import Files
import Foundation

/// Which history of a run directory goes on. A run that begins anew, from another run's checkpoint, or with another configuration leaves
/// the one before; copies of that one, which hosts may still have in memory, are not to be taken for its own.
///
/// It is named by a text that is drawn where it begins. The file `checkpoints/history` has it, and so has all that is written of its states.
package struct RunHistory {
  private static let digitCount = 32
  private let path: String

  /// That of a run whose directory of checkpoints is there.
  package init(_ directory: String) {
    path = directory + "/history"
  }

  /// The name of the history; nil where none was drawn.
  package func name() throws(FileError) -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let text = String(decoding: try FileContent.bytes(of: path), as: UTF8.self).trimmingCharacters(in: .newlines)
    let isWhole = text.utf8.count == Self.digitCount && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    return isWhole ? text : nil
  }

  /// Begins another history.
  ///
  /// - Parameter isNamed: whether it needs a name, because hosts will have copies.
  /// - Returns: its name.
  package func renew(isNamed: Bool) throws(FileError) -> String? {
    guard isNamed else {
      if FileManager.default.fileExists(atPath: path) { try Directory.remove(path) }
      return nil
    }
    let digits = (0..<Self.digitCount).map { _ in String(UInt8.random(in: 0..<16), radix: 16) }.joined()
    try AtomicFile.replace(path, with: digits + "\n")
    return digits
  }
}
