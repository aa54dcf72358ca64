import Configuration
import Datasets
import Evaluation
import Inference
import Training

/// What a report is about.
package struct ReportSubject {
  /// The run directory.
  package let directory: String
  /// What was trained.
  package let configuration: Configuration
  /// What happened.
  package let metrics: RunMetrics
  /// The last evaluation with the iterations before it; nil where there was none.
  package let evaluation: (iteration: Int, split: EvaluatedSplit)?
  /// What was trained on; nil where it is not at hand.
  package let training: Dataset?
  /// Facts of the machine, by name.
  package let machine: [(name: String, value: String)]

  package init(
    directory: String, configuration: Configuration, metrics: RunMetrics,
    evaluation: (iteration: Int, split: EvaluatedSplit)?, training: Dataset?,
    machine: [(name: String, value: String)]
  ) {
    (self.directory, self.configuration, self.metrics) = (directory, configuration, metrics)
    (self.evaluation, self.training, self.machine) = (evaluation, training, machine)
  }
}
