/// Why ranks could not talk to each other, or must not go on together.
package struct MessagePassingError: Error, Equatable, CustomStringConvertible {
  /// What happened, and what may mend it.
  package let description: String

  /// Creates an error from a sentence.
  package init(_ description: String) {
    self.description = description
  }

  /// A call of the MPI library that returned an error.
  init(call: String, rank: Int, text: String) {
    description = "rank \(rank): \(call): \(text)"
  }
}
