import Files
import Foundation

/// A synthetic data set that could not be written.
package struct SynthesisError: Error, Equatable, CustomStringConvertible {
  /// The file or folder.
  package let path: String
  /// What is wrong with it, in words.
  package let reason: String

  /// `path: reason`.
  package var description: String { "\(path): \(reason)" }
}

/// Folders and text files of a synthetic data set.
enum SynthesisFile {
  /// Makes a folder and those it is in, unless they exist.
  static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw SynthesisError(path: path, reason: fileSystemReason(of: error))
    }
  }

  /// Writes or replaces a text file in one step.
  static func write(_ text: String, to path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw SynthesisError(path: path, reason: fileSystemReason(of: error))
    }
  }
}
