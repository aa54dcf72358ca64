import Training

/// The observers that show a run to people.
package enum Reporting {
  /// Those that the configuration wants, for a part of a run.
  package static func observers(_ run: RunDescription) throws -> [any RunObserver] {
    var observers: [any RunObserver] = [LossPlotter(run)]
    if run.configuration.tensorBoard.isEnabled { observers.append(try TensorBoardLog(run)) }
    if run.configuration.evaluation.writesReport { observers.append(ReportWriter(run)) }
    return observers
  }
}
