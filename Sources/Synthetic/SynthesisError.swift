/// A directory that is not for a synthetic data set.
package struct SynthesisError: Error, Equatable, CustomStringConvertible {
  /// The file or directory.
  package let path: String
  /// What is wrong with it, in words.
  package let reason: String

  /// `path: reason`.
  package var description: String { "\(path): \(reason)" }
}
