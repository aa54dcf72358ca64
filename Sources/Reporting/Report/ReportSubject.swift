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
  /// What was trained on, or why it is not at hand.
  package let training: Result<Dataset, any Error>
  /// Facts of the machine, by name.
  package let machine: [(name: String, value: String)]

  package init(
    directory: String, configuration: Configuration, metrics: RunMetrics,
    evaluation: (iteration: Int, split: EvaluatedSplit)?, training: Result<Dataset, any Error>,
    machine: [(name: String, value: String)]
  ) {
    (self.directory, self.configuration, self.metrics) = (directory, configuration, metrics)
    (self.evaluation, self.training, self.machine) = (evaluation, training, machine)
  }

  /// The objects of each label, from 1, that are trained on; nil where the data are not at hand.
  var trainingCounts: [Int: Int]? {
    guard let dataset = try? training.get() else { return nil }
    return dataset.images.reduce(into: [:]) { counts, image in
      for object in image.trainingObjects(difficult: configuration.data.difficult) {
        counts[object.label, default: 0] += 1
      }
    }
  }
}
