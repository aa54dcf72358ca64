import Configuration
import Inference

extension TrainingStep {
  /// Fills weights and momentum from a checkpoint, from pretrained weights or from scratch, at rank 0, and copies them to all ranks.
  ///
  /// - Parameter checkpoint: what to continue from, at rank 0; nil to begin.
  /// - Returns: how many iterations the weights have seen.
  /// - Throws: ``FileError`` when a file is not valid or not of this model.
  package func start(
    _ experiment: Experiment, from checkpoint: Checkpoint?, job: Job
  ) throws -> Int {
    job.board.enter("reading or receiving weights", waitsForOthers: !job.communicator.isRoot)
    var iteration = 0
    if job.communicator.isRoot { iteration = try read(experiment, checkpoint: checkpoint, job: job) }
    try job.communicator.broadcast(&iteration, from: 0)
    for (_, arena) in state.arenas { try job.broadcast(arena) }
    for parameter in state.layout.variables {
      var scale = state.inputScales[parameter]
      try job.communicator.broadcast(&scale, from: 0)
      state.inputScales[parameter] = scale
    }
    return iteration
  }

  private func read(_ experiment: Experiment, checkpoint: Checkpoint?, job: Job) throws -> Int {
    if let checkpoint, let metadata = checkpoint.metadata {
      try checkpoint.restore(state)
      for difference in experiment.configuration.differences(from: metadata.configurationYAML) {
        job.logger.warning("\(checkpoint.file.path): the run was configured otherwise: \(difference)")
      }
      job.logger.info("continuing from iteration \(metadata.iteration): \(checkpoint.file.path)")
      return metadata.iteration
    }
    state.inputScales = try experiment.fillInitialWeights(state.weights, logger: job.logger)
    state.startAverage()
    return 0
  }
}
