import MessagePassing

/// Which micro-batches of an iteration, and which batches of an evaluation, a rank computes.
struct WorkDivision {
  let rank: Int
  let worldSize: Int

  init(_ communicator: any Communicator) {
    self.init(rank: communicator.rank, worldSize: communicator.worldSize)
  }

  init(rank: Int, worldSize: Int) {
    (self.rank, self.worldSize) = (rank, worldSize)
  }

  /// The rank's run of consecutive units. Lengths differ by at most one.
  func share(of count: Int) -> Range<Int> { count * rank / worldSize..<count * (rank + 1) / worldSize }
}

extension Configuration {
  /// Refuses a number of ranks that does not divide the micro-batches of an iteration.
  ///
  /// - Throws: ``ConfigurationError`` with the numbers that do.
  package func requireLegal(worldSize: Int) throws(ConfigurationError) {
    let microBatches = training.globalBatch / training.microBatch
    guard !microBatches.isMultiple(of: worldSize) else { return }
    let legal = (1...microBatches).filter(microBatches.isMultiple(of:)).map(String.init).joined(separator: ", ")
    throw ConfigurationError(
      .file(source, line: nil), key: "training.global_batch",
      """
      \(training.globalBatch) images in micro-batches of \(training.microBatch) are \(microBatches) units of work, which \
      \(worldSize) ranks cannot share evenly; start one of \(legal) ranks
      """)
  }
}
