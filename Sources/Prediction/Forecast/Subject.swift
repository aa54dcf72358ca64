import MessagePassing

/// The training that is to be predicted, as far as time depends on it.
package struct Subject: Sendable {
  /// The name of its configuration, for advice.
  package var name: String
  package var shape: StepMeasurement.Shape
  /// Images of an iteration, over all ranks.
  package var globalBatch: Int
  /// Compute threads of a rank; nil for all that its share of a machine has.
  package var threads: Int?
  package var wire: WireFormat
  /// Nil for what fits the network.
  package var bucketMegabytes: Float?
  /// Whether the length of gradients is limited.
  package var clips: Bool
  /// Whether an average of the weights is kept.
  package var keepsAverage: Bool
  /// Values of the arena that gradients lie in.
  package var arenaCount: Int
  /// Ranges of the arena in the order in which they leave, for a size of buckets in 10⁶ bytes; nil for what fits.
  package var buckets: @Sendable (Float?) -> [Range<Int>]
  /// Loader threads of a rank with so many compute threads.
  package var loaderThreads: @Sendable (Int) -> Int
  /// How long the run is: optimizer steps, or passes over the images.
  package var iterations: Int?
  package var epochs: Double?
  /// The program that predicts.
  package var program: ProgramVersion

  package init(
    name: String, shape: StepMeasurement.Shape, globalBatch: Int, threads: Int?, wire: WireFormat,
    bucketMegabytes: Float?, clips: Bool, keepsAverage: Bool, arenaCount: Int,
    buckets: @escaping @Sendable (Float?) -> [Range<Int>], loaderThreads: @escaping @Sendable (Int) -> Int,
    iterations: Int?, epochs: Double?, program: ProgramVersion
  ) {
    (self.name, self.shape, self.globalBatch, self.threads) = (name, shape, globalBatch, threads)
    (self.wire, self.bucketMegabytes, self.clips, self.keepsAverage) = (wire, bucketMegabytes, clips, keepsAverage)
    (self.arenaCount, self.buckets, self.loaderThreads) = (arenaCount, buckets, loaderThreads)
    (self.iterations, self.epochs, self.program) = (iterations, epochs, program)
  }

  /// Micro-batches of an iteration, over all ranks.
  var microBatches: Int { globalBatch / shape.microBatch }

  /// Numbers of ranks that share the micro-batches evenly.
  var legalRanks: [Int] { (1...microBatches).filter(microBatches.isMultiple(of:)) }

  /// The command that measures a step for it.
  var stepCommand: String {
    """
    multibox benchmark step --model \(shape.model) --width-multiplier \(shape.widthMultiplier) --classes \(shape.classes) \
    --batch \(2 * shape.microBatch) --micro-batch \(shape.microBatch) --precision \(shape.precision)\
    \(shape.freeze.map { " --freeze \($0)" } ?? "")\(threads.map { " --threads \($0)" } ?? "") --iterations 30 --json > step.json
    """
  }
}

/// What is asked about a ``Subject``.
package struct Question: Sendable {
  /// Numbers of ranks.
  package var ranks: [Int]
  /// Ranks of a machine.
  package var ranksPerHost: Int
  /// Bytes a second of a machine's card, in place of a measurement.
  package var bandwidth: Double?
  /// Seconds of a small message between machines, in place of a measurement.
  package var latency: Double?
  /// Passes over the training images, for node-hours, in place of the configured length.
  package var epochs: Double?
  /// Images of the training split, in place of the loader's.
  package var images: Int?

  package init(
    ranks: [Int], ranksPerHost: Int = 1, bandwidth: Double? = nil, latency: Double? = nil, epochs: Double? = nil,
    images: Int? = nil
  ) {
    (self.ranks, self.ranksPerHost, self.bandwidth) = (ranks, ranksPerHost, bandwidth)
    (self.latency, self.epochs, self.images) = (latency, epochs, images)
  }

  /// The machine of each rank.
  func hosts(worldSize: Int, ranksPerHost: Int? = nil) -> [Int] {
    let each = ranksPerHost ?? self.ranksPerHost
    return (0..<worldSize).map { $0 / each }
  }
}
