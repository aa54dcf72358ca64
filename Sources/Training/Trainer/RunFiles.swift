import Configuration
import Files
import Foundation
import Logging
import MessagePassing
import Tensors

/// The files of a run, which rank 0 alone writes: configuration, metrics, checkpoints, the picture of the loss.
final class RunFiles {
  private let configuration: Configuration
  private let board: PhaseBoard
  private let metrics: MetricsLog
  private let images: MetricsLog?
  private let writer: CheckpointWriter
  private let store: CheckpointStore
  private var progress: ProgressLine
  /// The best evaluation, and how many have followed.
  private(set) var best = BestResult()
  private var lastEvaluation = 0
  private var lastCheckpoint: (iteration: Int, time: ContinuousClock.Instant)

  /// Opens the files of a run that continues after `iteration` and goes on to `last`.
  init(
    _ configuration: Configuration, store: CheckpointStore, layout: VariableLayout, iteration: Int, last: Int,
    board: PhaseBoard, build: String?, logger: Logger
  ) throws {
    self.configuration = configuration
    self.board = board
    self.store = store
    try AtomicFile.replace(configuration.output + "/config.yaml", with: configuration.resolvedYAML)
    metrics = try MetricsLog(
      configuration.output + "/metrics.jsonl", resumingAfter: iteration, build: build, logger: logger)
    images =
      configuration.data.logImages
      ? try MetricsLog(configuration.output + "/images.jsonl", resumingAfter: iteration, logger: logger) : nil
    writer = CheckpointWriter(store, configuration: configuration, layout: layout)
    progress = ProgressLine(from: iteration, to: last)
    lastCheckpoint = (iteration, .now)
    for evaluation in metrics.evaluations {
      lastEvaluation = evaluation.iteration
      // Scores of another metric, or on other images, are not to be compared.
      guard evaluation.metric == configuration.evaluation.metric.rawValue,
        evaluation.split == nil || evaluation.split == configuration.data.evaluationSplit?.description
      else { continue }
      _ = best.take(evaluation.mAP ?? .nan, iteration: evaluation.iteration)
    }
  }

  /// Whether the evaluation behind an iteration is in the log.
  func hasEvaluation(of iteration: Int) -> Bool { lastEvaluation == iteration }

  /// Notes an iteration.
  func append(_ record: TrainingRecord, images names: [String]?) throws {
    try writer.check()
    if let names { try images?.append(ImagesRecord(iteration: record.iteration, images: names)) }
    try metrics.append(record)
    progress.update(record)
  }

  /// Notes an evaluation of the newest checkpoint and, where it is the best so far, keeps that; tells whether it is.
  ///
  /// The checkpoint comes first: a run that is killed between the two makes the evaluation again.
  func append(_ record: EvaluationRecord) throws -> Bool {
    let isFirst = best.value == nil
    let isBest = best.take(record.meanAveragePrecision, iteration: record.iteration)
    if isBest, configuration.checkpoint.keepBest {
      try store.keepAsBest(iteration: record.iteration, isFirst: isFirst)
    }
    try metrics.append(record)
    lastEvaluation = record.iteration
    return isBest
  }

  /// Begins a checkpoint when the configuration wants one now, or an evaluation follows.
  func saveIfDue(iteration: Int, state: TrainingState, evaluationFollows: Bool) throws {
    let elapsed = (ContinuousClock.now - lastCheckpoint.time) / .seconds(1)
    let isDue =
      iteration.isMultiple(of: configuration.checkpoint.every) || evaluationFollows
      || configuration.checkpoint.everySeconds.map { elapsed >= $0 } ?? false
    if isDue { try save(iteration: iteration, state: state) }
  }

  /// Writes the checkpoint that a run was continued from, when it is not the run's own.
  func adopt(iteration: Int, state: TrainingState) throws {
    guard !FileManager.default.fileExists(atPath: store.directory.path(iteration: iteration)) else { return }
    try save(iteration: iteration, state: state)
    try finishWriting()
  }

  /// Ends a part of the run with a checkpoint, which is complete on return.
  func close(iteration: Int, state: TrainingState) throws {
    progress.finish()
    if lastCheckpoint.iteration != iteration { try save(iteration: iteration, state: state) }
    try finishWriting()
    try LossPlot(metrics: metrics.path).write(to: configuration.output + "/loss.png")
  }

  /// Waits for a checkpoint that is being written.
  func finishWriting() throws {
    board.enter("checkpoint")
    try writer.finish(progress: board.progress)
  }

  /// How long the last complete checkpoint took.
  var checkpointSeconds: Double { writer.lastSeconds }

  private func save(iteration: Int, state: TrainingState) throws {
    try finishWriting()
    try writer.begin(iteration: iteration, state: state)
    lastCheckpoint = (iteration, .now)
  }
}
