import MessagePassing
import Testing

struct StallRuleTests {
  private let rule = StallRule(limit: 10)

  private func report(
    _ phase: String, idle: Double, waits: Bool, age: Double = 0.5
  ) -> StallRule.Report {
    StallRule.Report(
      host: "node", processID: 7,
      reading: PhaseBoard.Reading(
        phase: phase, secondsInPhase: idle, secondsWithoutProgress: idle, waitsForOthers: waits), age: age)
  }

  @Test func ranksThatGetOnAreLeftAlone() {
    let reports = [
      report("waiting", idle: 5000, waits: true), report("evaluation", idle: 9, waits: false),
      report("forward", idle: 0.1, waits: false),
    ]
    #expect(rule.verdict(reports, ownIdleSeconds: 5000) == nil)
  }

  @Test func whoWorksAndFinishesNothingIsNamedWithItsPhase() throws {
    let reports = [report("waiting", idle: 11, waits: true), report("loading a.jpg", idle: 11, waits: false)]
    let verdict = try #require(rule.verdict(reports, ownIdleSeconds: 11))
    #expect(
      verdict.contains("held up by rank 1 (node)")
        && verdict.contains("rank 1 (node, process 7): loading a.jpg for 11 s"))
  }

  @Test(arguments: 1...9) func `The one rank that finishes nothing is named, whichever it is`(worldSize: Int) {
    for stalled in 0..<worldSize {
      let reports = (0..<worldSize).map { rank in
        rank == stalled ? report("backward", idle: 11, waits: false) : report("exchange", idle: 11, waits: true)
      }
      let verdict = rule.verdict(reports, ownIdleSeconds: 11)
      #expect(verdict?.contains("held up by rank \(stalled) (node)\n") == true)
      // A moment earlier nobody is.
      let earlier = reports.indices.map { rank in
        report("any", idle: 9.4, waits: rank != stalled, age: 0.5)
      }
      #expect(rule.verdict(earlier, ownIdleSeconds: 9.9) == nil)
    }
  }

  @Test func silenceIsAStallOnlyWhereNothingMoves() throws {
    let reports = [report("waiting", idle: 11, waits: true), report("backward", idle: 1, waits: false, age: 11)]
    #expect(rule.verdict(reports, ownIdleSeconds: 3) == nil)
    let verdict = try #require(rule.verdict(reports, ownIdleSeconds: 11))
    #expect(verdict.contains("held up by rank 1") && verdict.contains("silent for 11 s, last seen in: backward"))
    let unheard = StallRule.Report(host: "b", processID: 8, reading: nil, age: 11)
    #expect(
      rule.verdict([reports[0], unheard], ownIdleSeconds: 11)?.contains("rank 1 (b, process 8): never heard of") == true
    )
  }

  @Test func whenAllWaitMessagesAreLost() {
    let waiting = report("exchange of bucket 3 of 14", idle: 11, waits: true)
    #expect(rule.verdict([waiting, waiting], ownIdleSeconds: 11)?.contains("all ranks wait for each other") == true)
    let fresh = report("exchange of bucket 3 of 14", idle: 2, waits: true)
    #expect(rule.verdict([waiting, fresh], ownIdleSeconds: 11) == nil)
  }

  @Test func framesKeepWhatIsInThem() throws {
    let reading = PhaseBoard.Reading(
      phase: "loading " + String(repeating: "ä", count: 400), secondsInPhase: 1.5, secondsWithoutProgress: 2.25,
      waitsForOthers: true)
    let bytes = HeartbeatFrame(job: 99, rank: 3, reading: reading).bytes
    #expect(bytes.count == HeartbeatFrame.byteCount)
    let frame = try #require(HeartbeatFrame(bytes, job: 99))
    #expect(frame.rank == 3 && !frame.isVerdict && frame.reading.secondsInPhase == 1.5)
    #expect(frame.reading.secondsWithoutProgress == 2.25 && frame.reading.waitsForOthers)
    #expect(reading.phase.hasPrefix(frame.reading.phase) && frame.reading.phase.count > 200)
    #expect(HeartbeatFrame(bytes, job: 98) == nil && HeartbeatFrame(bytes.dropLast(), job: 99) == nil)
  }
}
