/// Why nothing can be predicted from what was given, and what to do about it.
package struct PredictionError: Error, CustomStringConvertible, Equatable {
  /// With the file or option, and what helps.
  package let description: String

  package init(_ description: String) { self.description = description }
}
