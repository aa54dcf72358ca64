import Configuration
import Datasets
import Inference
import Logging

/// Is told at rank 0 what a run does, in the order in which it happens. It changes nothing of the run; an error that it throws ends it.
package protocol RunObserver: AnyObject {
  /// After each iteration.
  ///
  /// - Parameter images: the names of its images in the order of the global batch; nil unless they are logged.
  func iterated(_ record: TrainingRecord, images: [String]?) throws
  /// When a checkpoint begins to be written; the state does not change meanwhile.
  func saving(_ state: TrainingState, iteration: Int) throws
  /// After each evaluation, when its checkpoint is on the disk.
  func evaluated(_ record: EvaluationRecord, _ split: EvaluatedSplit) throws
  /// At the end of this part of the run, when its last checkpoint is on the disk.
  func ended(_ outcome: Trainer.Outcome) throws
}

extension RunObserver {
  package func iterated(_ record: TrainingRecord, images: [String]?) throws {}
  package func saving(_ state: TrainingState, iteration: Int) throws {}
  package func evaluated(_ record: EvaluationRecord, _ split: EvaluatedSplit) throws {}
  package func ended(_ outcome: Trainer.Outcome) throws {}
}

/// Makes the observers of a part of a run, beside those that every run has.
package typealias RunObserverFactory = (RunDescription) throws -> [any RunObserver]

/// What was evaluated and what came out.
package struct EvaluatedSplit {
  /// The images and their annotations.
  package let dataset: Dataset
  /// What was detected, and its metric.
  package let report: EvaluationReport

  package init(dataset: Dataset, report: EvaluationReport) {
    (self.dataset, self.report) = (dataset, report)
  }
}

/// A part of a run, as observers get to know it.
package struct RunDescription: Sendable {
  /// What is trained.
  package let configuration: Configuration
  /// Iterations done before.
  package let iteration: Int
  /// The last iteration of this part.
  package let last: Int
  /// Iterations of the whole run.
  package let iterations: Int
  /// What is trained on.
  package let training: Dataset
  /// Where the ranks run, in words.
  package let placement: String
  /// Which program trains; nil when it does not say.
  package let build: String?
  /// For warnings.
  package let logger: Logger

  /// The path of a file in the run directory.
  package func path(_ name: String) -> String { "\(configuration.output)/\(name)" }
}
