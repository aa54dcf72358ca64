import Training

/// The observers that show a run to people.
package enum Reporting {
  /// Those that the configuration wants, for a part of a run.
  package static func observers(_ run: RunDescription) throws -> [any RunObserver] {
    [LossPlotter(run)] + (run.configuration.tensorBoard.isEnabled ? [try TensorBoardLog(run)] : [])
  }
}
