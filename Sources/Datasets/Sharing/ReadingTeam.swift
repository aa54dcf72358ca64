/// Readers of the same data that divide the small files among themselves, as the ranks of a job do.
package struct ReadingTeam {
  /// How many readers there are.
  package let count: Int
  /// This reader: 0 ..< ``count``.
  package let index: Int
  /// Bytes of all readers, in order, at all of them; all call it equally often. Nothing when the readers cannot talk: then each reads all.
  package let exchange: ([UInt8]) -> [[UInt8]]

  package init(count: Int, index: Int, exchange: @escaping ([UInt8]) -> [[UInt8]]) {
    precondition((0..<count).contains(index), "reader \(index) of \(count)")
    (self.count, self.index, self.exchange) = (count, index, exchange)
  }

  /// A reader that reads everything.
  package static var alone: ReadingTeam { ReadingTeam(count: 1, index: 0) { [$0] } }

  /// The part of so many files that is this reader's to read.
  package func share(of total: Int) -> Range<Int> { total * index / count..<total * (index + 1) / count }
}
