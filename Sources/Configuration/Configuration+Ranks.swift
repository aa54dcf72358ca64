extension Configuration {
  /// Refuses a number of ranks that does not divide the micro-batches of an iteration, and micro-batches that cannot be trained with.
  ///
  /// - Throws: ``ConfigurationError`` with the numbers that can be taken.
  package func requireLegal(worldSize: Int) throws(ConfigurationError) {
    try requireVariance()
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
