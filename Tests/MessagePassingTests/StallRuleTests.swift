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

  @Test func `Of many ranks those that do the same have one line`() throws {
    var reports = (0..<200).map { rank in
      report(rank < 120 ? "exchange of bucket 3 of 14" : "forward", idle: rank % 2 == 0 ? 11 : 12, waits: true)
    }
    reports[77] = report("loading a.jpg", idle: 13, waits: false)
    reports[130] = report("forward", idle: 11, waits: true, age: 30)
    let verdict = try #require(rule.verdict(reports, ownIdleSeconds: 11))
    let lines = verdict.split(separator: "\n")
    #expect(
      lines.map(String.init) == [
        "no progress for 10 seconds (communication.stall_seconds), held up by rank 77 (node), rank 130 (node)",
        "  rank 77 (node, process 7): loading a.jpg for 13 s",
        "  rank 130 (node, process 7): silent for 30 s, last seen in: forward for 41 s",
        "  119 ranks, 0 (node), 1 (node), 2 (node), 3 (node), 4 (node), 5 (node), 6 (node), 7 (node), …: exchange of bucket 3 of 14 for 11 to 12 s",
        "  79 ranks, 120 (node), 121 (node), 122 (node), 123 (node), 124 (node), 125 (node), 126 (node), 127 (node), …: forward for 11 to 12 s",
      ])
  }

  @Test func `A report of a thousand ranks that all do something else is short`() throws {
    let stalled = (0..<1000).map { report("loading \($0).jpg", idle: 11, waits: false) }
    let verdict = try #require(rule.verdict(stalled, ownIdleSeconds: 11))
    #expect(verdict.count < 5000 && verdict.hasSuffix("\n  and 984 more"))
    let waiting = (0..<1000).map { report("loading \($0).jpg", idle: 11, waits: $0 > 0) }
    let other = try #require(rule.verdict(waiting, ownIdleSeconds: 11))
    #expect(other.count < 5000 && other.hasSuffix("\n  and 983 more") && other.contains("\n  rank 0 ("))
  }

  @Test func `Ranks of which nothing was heard are warned of`() {
    let heard = report("forward", idle: 1, waits: false)
    #expect(rule.warning([heard, heard]) == nil)
    let unheard = StallRule.Report(host: "b", processID: 8, reading: nil, age: 31)
    #expect(rule.warning([heard, heard, unheard])?.contains("no report of rank 2 (b) reaches rank 0") == true)
    #expect(rule.warning([heard, unheard, unheard])?.contains("rank 1 (b) and 1 more reaches") == true)
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
