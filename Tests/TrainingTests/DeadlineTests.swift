import Foundation
import Testing
import Training

struct DeadlineTests {
  private let now = Date(timeIntervalSince1970: 1_000_000)

  private func deadline(in seconds: Double) -> Deadline {
    var deadline = Deadline(now.addingTimeInterval(seconds))
    deadline.noteIteration(seconds: 7)
    deadline.noteIteration(seconds: 3)
    deadline.noteCheckpoint(seconds: 5)
    deadline.noteEvaluation(seconds: 100)
    return deadline
  }

  @Test func `Without a deadline there is always time`() {
    #expect(!Deadline(nil).isNear(evaluationIsDue: true))
  }

  /// Two of the slowest iterations, two checkpoints and ten seconds: 34.
  @Test func `Two iterations, two checkpoints and an evaluation that is due must fit`() {
    #expect(!deadline(in: 35).isNear(evaluationIsDue: false, now: now))
    #expect(deadline(in: 33).isNear(evaluationIsDue: false, now: now))
    #expect(deadline(in: 133).isNear(evaluationIsDue: true, now: now))
    #expect(!deadline(in: 135).isNear(evaluationIsDue: true, now: now))
  }
}
