import Files

extension MetricsLog: RunObserver {
  package func iterated(_ record: TrainingRecord, images: [String]?) throws { try append(record) }
  package func evaluated(_ record: EvaluationRecord, _ split: EvaluatedSplit) throws { try append(record) }
}

/// Writes `images.jsonl`: the images of every iteration.
final class ImageLog: RunObserver {
  private let log: MetricsLog

  init(_ run: RunDescription) throws(FileError) {
    log = try MetricsLog(run.path("images.jsonl"), resumingAfter: run.iteration, logger: run.logger)
  }

  func iterated(_ record: TrainingRecord, images: [String]?) throws {
    if let images { try log.append(ImagesRecord(iteration: record.iteration, images: images)) }
  }
}
