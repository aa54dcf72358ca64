import Files
import Foundation

/// A picture file that could not be read or written.
package struct ImageError: Error, Equatable, CustomStringConvertible {
  /// The file.
  package let path: String
  /// What is wrong with it, in words.
  package let reason: String
  /// Whether writing failed, which is the disk's fault and not the picture's.
  package let isFromWriting: Bool

  /// Names the file and the reason.
  package init(path: String, reason: String, isFromWriting: Bool = false) {
    self.path = path
    self.reason = reason
    self.isFromWriting = isFromWriting
  }

  /// Takes the reason from a failure of the file system.
  init(path: String, fileSystem error: any Error, isFromWriting: Bool = false) {
    self.init(path: path, reason: fileSystemReason(of: error), isFromWriting: isFromWriting)
  }

  /// `path: reason`.
  package var description: String { "\(path): \(reason)" }
}
