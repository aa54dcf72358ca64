/// Why ranks could not talk to each other, or must not go on together.
package struct MessagePassingError: Error, Equatable, CustomStringConvertible {
  /// What happened, and what may mend it.
  package let description: String
  /// Whether it is told by a rank that met nothing itself, but waited for one that did.
  package let isOfOtherRank: Bool

  /// Creates an error from a sentence.
  package init(_ description: String, isOfOtherRank: Bool = false) {
    self.description = description
    self.isOfOtherRank = isOfOtherRank
  }

  /// A call of the MPI library that returned an error.
  init(call: String, rank: Int, text: String) {
    self.init("rank \(rank): \(call): \(text)")
  }
}
