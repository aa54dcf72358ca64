import Configuration
import Files
import Foundation
import MessagePassing
import Tensors

/// What a run leaves behind, which rank 0 alone writes: configuration, checkpoints, and what observers write.
final class RunFiles {
  private let run: RunDescription
  private let board: PhaseBoard
  private let metrics: MetricsLog
  private let observers: [any RunObserver]
  private let writer: CheckpointWriter
  private let store: CheckpointStore
  /// The best evaluation, and how many have followed.
  private(set) var best = BestResult()
  private var lastEvaluation = 0
  private var lastCheckpoint: (iteration: Int, time: ContinuousClock.Instant)
  private var interval: CheckpointInterval

  /// Opens the files of a part of a run.
  ///
  /// - Parameters:
  ///   - state: what the run begins with.
  ///   - interval: when checkpoints are written by the clock.
  ///   - observers: who else is to be told what the run does.
  init(
    _ run: RunDescription, store: CheckpointStore, state: TrainingState, interval: CheckpointInterval,
    board: PhaseBoard, observers others: RunObserverFactory
  ) throws {
    self.run = run
    self.board = board
    self.store = store
    let configuration = run.configuration
    try AtomicFile.replace(run.path("config.yaml"), with: configuration.resolvedYAML)
    try store.repairLatest(iteration: run.iteration)
    metrics = try MetricsLog(
      run.path("metrics.jsonl"), resumingAfter: run.iteration, build: run.build, logger: run.logger)
    var observers: [any RunObserver] = []
    if configuration.data.logImages { observers.append(try ImageLog(run)) }
    observers.append(metrics)
    observers += try others(run)
    self.observers = observers
    writer = CheckpointWriter(state.layout, keepsAverage: state.average != nil) {
      (iteration, state, progress) throws(FileError) in
      try store.save(iteration: iteration, configuration: configuration, state: state, progress: progress)
    }
    self.interval = interval
    lastCheckpoint = (run.iteration, .now)
    if interval.isAutomatic { note(cost: writer.copySeconds(state)) }
    for evaluation in metrics.evaluations {
      lastEvaluation = evaluation.iteration
      // Scores of another metric, or on other images, are not to be compared.
      guard evaluation.metric == configuration.evaluation.metric.rawValue,
        evaluation.split == nil || evaluation.split == configuration.data.evaluationSplit?.description
      else { continue }
      _ = best.take(evaluation.mAP ?? .nan, iteration: evaluation.iteration)
    }
  }

  /// Tells when the log lacks iterations that are behind the run.
  func warnOfLostMetrics() {
    guard metrics.lastIteration < run.iteration else { return }
    run.logger.warning(
      "\(metrics.path) ends at iteration \(metrics.lastIteration), the run continues from \(run.iteration): the lines between were lost"
    )
  }

  /// Whether the evaluation behind an iteration is in the log.
  func hasEvaluation(of iteration: Int) -> Bool { lastEvaluation == iteration }

  /// Notes an iteration.
  func append(_ record: TrainingRecord, images: [String]?) throws {
    try writer.check()
    for observer in observers { try observer.iterated(record, images: images) }
  }

  /// Makes durable what was noted.
  func flush() throws { try metrics.flush() }

  /// Notes an evaluation of the newest checkpoint and, where it is the best so far, keeps that; tells whether it is.
  ///
  /// The checkpoint comes first: a run that is killed between the two makes the evaluation again.
  func append(_ record: EvaluationRecord, _ split: EvaluatedSplit) throws -> Bool {
    let isFirst = best.value == nil
    let isBest = best.take(record.meanAveragePrecision, iteration: record.iteration)
    if isBest, run.configuration.checkpoint.keepBest {
      try store.keepAsBest(iteration: record.iteration, isFirst: isFirst)
    }
    for observer in observers { try observer.evaluated(record, split) }
    lastEvaluation = record.iteration
    return isBest
  }

  /// Begins a checkpoint when the configuration wants one now, or an evaluation follows.
  func saveIfDue(iteration: Int, state: TrainingState, evaluationFollows: Bool) throws {
    let settings = run.configuration.checkpoint
    let elapsed = (ContinuousClock.now - lastCheckpoint.time) / .seconds(1)
    let isDue =
      iteration.isMultiple(of: settings.every) || evaluationFollows
      || interval.seconds.map { elapsed >= $0 } ?? false
    if isDue { try save(iteration: iteration, state: state) }
  }

  /// Writes the checkpoint that a run was continued from, when it is not the run's own.
  func adopt(iteration: Int, state: TrainingState) throws {
    guard !FileManager.default.fileExists(atPath: store.directory.path(iteration: iteration)) else { return }
    try save(iteration: iteration, state: state)
    try finishWriting()
  }

  /// Ends a part of the run with a checkpoint, which is complete on return.
  func close(iteration: Int, state: TrainingState, _ outcome: Trainer.Outcome) throws {
    if lastCheckpoint.iteration != iteration { try save(iteration: iteration, state: state) }
    try finishWriting()
    for observer in observers { try observer.ended(outcome) }
  }

  /// Waits for a checkpoint that is being written.
  func finishWriting() throws {
    board.enter("checkpoint")
    try writer.finish(progress: board.progress)
  }

  /// How long the last complete checkpoint took.
  var checkpointSeconds: Double { writer.lastSeconds }

  private func save(iteration: Int, state: TrainingState) throws {
    let start = ContinuousClock.now
    try finishWriting()
    try writer.begin(iteration: iteration, state: state)
    for observer in observers { try observer.saving(state, iteration: iteration) }
    lastCheckpoint = (iteration, .now)
    note(cost: (lastCheckpoint.time - start) / .seconds(1))
  }

  private func note(cost seconds: Double) {
    if let message = interval.note(cost: seconds, of: "checkpoint.every_seconds") { run.logger.info("\(message)") }
  }
}
