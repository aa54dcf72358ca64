/// An image file that could not be read, or not be encoded.
package struct ImageError: Error, Equatable, CustomStringConvertible {
  /// The file.
  package let path: String
  /// What is wrong with it, in words.
  package let reason: String

  /// Names the file and the reason.
  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// `path: reason`.
  package var description: String { "\(path): \(reason)" }
}
