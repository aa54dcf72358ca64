/// Which micro-batches of an iteration, and which batches of an evaluation, a rank computes.
package struct WorkDivision {
  package let rank: Int
  package let worldSize: Int

  package init(_ communicator: any Communicator) {
    self.init(rank: communicator.rank, worldSize: communicator.worldSize)
  }

  package init(rank: Int, worldSize: Int) {
    (self.rank, self.worldSize) = (rank, worldSize)
  }

  /// The rank's run of consecutive units. Lengths differ by at most one.
  package func share(of count: Int) -> Range<Int> { count * rank / worldSize..<count * (rank + 1) / worldSize }
}
