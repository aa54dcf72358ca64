import Testing
import Training

/// What is said of a run that was asked to stop.
struct OutcomeTests {
  @Test func `A checkpoint is spoken of when there is one`() throws {
    #expect(Trainer.Outcome.finished.notice == nil)
    let first = try #require(Trainer.Outcome.interrupted(iteration: 0).notice)
    #expect(first == "stopped after iteration 0, before there is a checkpoint: run the same command again to start")
    let later = try #require(Trainer.Outcome.interrupted(iteration: 7).notice)
    #expect(later.hasPrefix("stopped after iteration 7; its checkpoint is written: "))
  }
}
