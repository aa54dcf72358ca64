import Logging

extension TrainingStep {
  /// Fills weights and momentum from a checkpoint, from pretrained weights or from scratch.
  ///
  /// - Returns: how many iterations the weights have seen.
  /// - Throws: ``CheckpointError`` when a file is not valid or not of this model.
  func start(_ configuration: Configuration, from checkpoint: Checkpoint?, logger: Logger) throws -> Int {
    if let checkpoint, let metadata = checkpoint.metadata {
      try checkpoint.restore(weights: weights, momentum: momentum)
      for difference in configuration.differences(from: metadata.configurationYAML) {
        logger.warning("\(checkpoint.file.path): the run was configured otherwise: \(difference)")
      }
      logger.info("continuing from iteration \(metadata.iteration): \(checkpoint.file.path)")
      return metadata.iteration
    }
    try configuration.fillInitialWeights(weights, logger: logger)
    return 0
  }
}
