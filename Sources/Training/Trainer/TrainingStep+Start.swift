import Configuration
import Inference

extension TrainingStep {
  /// Fills weights and momentum from a checkpoint, from pretrained weights or from scratch, at the rank that has them, and copies them to all
  /// ranks.
  ///
  /// - Returns: how many iterations the weights have seen.
  /// - Throws: ``FileError`` when a file is not valid or not of this model.
  func start(_ experiment: Experiment, from origin: RunOrigin, job: Job) throws -> Int {
    let (communicator, root) = (job.communicator, origin.rank)
    job.board.enter("reading or receiving weights", waitsForOthers: communicator.rank != root)
    var iteration = 0
    if communicator.rank == root { iteration = try read(experiment, origin, job: job) }
    try communicator.broadcast(&iteration, from: root)
    if let host = origin.host, communicator.isRoot {
      job.logger.info("continuing from iteration \(iteration): the copy in the memory of \(host)")
    }
    for (_, arena) in state.arenas { try job.broadcast(arena, from: root) }
    for parameter in state.layout.variables {
      var scale = state.inputScales[parameter]
      try communicator.broadcast(&scale, from: root)
      state.inputScales[parameter] = scale
    }
    return iteration
  }

  private func read(_ experiment: Experiment, _ origin: RunOrigin, job: Job) throws -> Int {
    if let checkpoint = origin.checkpoint, let metadata = checkpoint.metadata {
      try checkpoint.restore(state)
      guard origin.host == nil else { return metadata.iteration }
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
