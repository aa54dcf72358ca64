import Models

extension Configuration {
  /// A micro-batch that leaves batch normalisations few values of a channel.
  package struct SmallNormalization: Sendable, CustomStringConvertible {
    /// Images of the micro-batch.
    let images: Int
    /// Values of a channel, in the smallest map.
    let values: Int
    /// The smallest micro-batch that has enough.
    let fitting: Int

    /// Values that a normalisation should have.
    private static let usual = 8

    /// Nil where there are enough.
    init?(images: Int, pixels: Int) {
      (self.images, values) = (images, images * pixels)
      fitting = (Self.usual + pixels - 1) / pixels
      if values >= Self.usual { return nil }
    }

    /// What that leads to.
    package var description: String {
      "a micro-batch of \(images) leaves batch normalisations \(values) values of a channel in the smallest map: their mean and variance say little about other images, and evaluations, which use running averages, come out badly"
    }
    /// What helps.
    package var remedy: String {
      "--set training.micro_batch=\(fitting), or --set model.batch_normalization=frozen with pretrained weights"
    }
  }

  /// Nil where batch normalisations have enough values, or are none, or frozen.
  package var smallNormalization: SmallNormalization? {
    guard model.batchNormalization == .train, let pixels = model.architecture.smallestNormalizedMap else { return nil }
    return SmallNormalization(images: training.microBatch, pixels: pixels)
  }

  /// Refuses a micro-batch that leaves a batch normalisation one value of a channel, which detectors do not mind.
  ///
  /// - Throws: ``ConfigurationError`` with what to take.
  func requireVariance() throws(ConfigurationError) {
    guard let few = smallNormalization, few.values < 2 else { return }
    throw ConfigurationError(
      .file(source, line: nil), key: "training.micro_batch",
      "\(few.images) leaves a batch normalisation of \(model.architecture.name) a single value of a channel, whose variance is 0: take 2 or more, better \(few.fitting)"
    )
  }
}
