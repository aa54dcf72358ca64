import Foundation

/// The instant at which the job will be ended from outside, and whether another iteration fits before.
package struct Deadline {
  private let end: Date?
  private var slowestIteration = 0.0
  private var lastCheckpoint = 0.0
  private var lastEvaluation = 0.0

  /// Seconds beyond those of the work itself.
  private static let reserve = 10.0

  /// A deadline, or none.
  package init(_ end: Date?) {
    self.end = end
  }

  package mutating func noteIteration(seconds: Double) { slowestIteration = max(slowestIteration, seconds) }
  package mutating func noteCheckpoint(seconds: Double) { lastCheckpoint = seconds }
  package mutating func noteEvaluation(seconds: Double) { lastEvaluation = seconds }

  /// Whether an iteration, an evaluation if one is due, and two checkpoints would not be over in time.
  package func isNear(evaluationIsDue: Bool, now: Date = Date()) -> Bool {
    guard let end else { return false }
    let needed =
      2 * slowestIteration + (evaluationIsDue ? lastEvaluation : 0) + 2 * lastCheckpoint + Self.reserve
    return now.addingTimeInterval(needed) > end
  }
}
