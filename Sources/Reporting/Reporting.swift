import Inference
import Training

/// The observers that show a run to people.
package enum Reporting {
  /// Those that the configuration wants, for a part of a run. What they cannot write is said once, and training goes on.
  package static func observers(_ run: RunDescription) -> [any RunObserver] {
    let configuration = run.configuration
    var makers: [(RunDescription) throws -> any RunObserver] = [ProgressDisplay.init, LossPlotter.init]
    if configuration.tensorBoard.isEnabled { makers.append { try TensorBoardLog($0) } }
    if configuration.evaluation.writesReport { makers.append(ReportWriter.init) }
    return makers.compactMap { make in
      do {
        return TolerantObserver(try make(run), run)
      } catch {
        run.logger.warning("\(error); training goes on without it")
        return nil
      }
    }
  }
}

/// An observer without which a run is worth as much: its first failure is said, and it is told nothing from then on.
private final class TolerantObserver: RunObserver {
  private var observer: (any RunObserver)?
  private let run: RunDescription

  init(_ observer: any RunObserver, _ run: RunDescription) {
    (self.observer, self.run) = (observer, run)
  }

  private func tell(_ body: (any RunObserver) throws -> Void) {
    do {
      try observer.map(body)
    } catch {
      run.logger.warning("\(error); training goes on without it")
      observer = nil
    }
  }

  func iterated(_ record: TrainingRecord, images: [String]?) { tell { try $0.iterated(record, images: images) } }
  func saving(_ state: TrainingState, iteration: Int) { tell { try $0.saving(state, iteration: iteration) } }
  func evaluated(_ record: EvaluationRecord, _ split: EvaluatedSplit) { tell { try $0.evaluated(record, split) } }
  func ended(_ outcome: Trainer.Outcome) { tell { try $0.ended(outcome) } }
}
