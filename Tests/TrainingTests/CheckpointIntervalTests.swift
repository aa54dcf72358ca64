import Configuration
import MessagePassing
import Testing
import Training

struct CheckpointIntervalTests {
  private func automatic(hosts: Int, hostFailureSeconds: Double = 3 * 365 * 86_400) -> CheckpointInterval {
    CheckpointInterval(.automatic, hosts: hosts, hostFailureSeconds: hostFailureSeconds)
  }

  /// 1,024 hosts of three years each fail every 25.7 hours: √(2 · 0.15 · 92,391) = 166 s.
  @Test(arguments: [
    (1024, 0.15, 166.5), (1, 0.15, 1800), (1_000_000, 0.001, 30), (1024, 10, 1359.3), (100_000, 10, 200),
    (2, 200, 4000),
  ])
  func `The interval is the one that costs least, within limits`(hosts: Int, cost: Double, seconds: Double) throws {
    var interval = automatic(hosts: hosts)
    _ = interval.note(cost: cost, of: "key")
    #expect(abs(try #require(interval.seconds) - seconds) < 0.1, "\(interval)")
  }

  /// What the formula promises: no other interval wastes less.
  @Test func `Neither a shorter nor a longer interval wastes less time`() throws {
    let (cost, failures) = (0.4, 90_000.0)
    var interval = automatic(hosts: 1, hostFailureSeconds: failures)
    _ = interval.note(cost: cost, of: "key")
    let best = try #require(interval.seconds)
    func waste(_ seconds: Double) -> Double { cost / seconds + seconds / (2 * failures) }
    for other in stride(from: 30.0, through: 1800, by: 1) { #expect(waste(other) >= waste(best) * (1 - 1e-12)) }
  }

  @Test func `It is told once, and again when it has doubled`() {
    var interval = automatic(hosts: 4)
    let told = interval.note(cost: 0.01, of: "checkpoint.every_seconds")
    #expect(
      told
        == "checkpoint.every_seconds: auto is 688 s: a checkpoint holds training up for 0.010 s, and one of 4 hosts fails every 274 days"
    )
    #expect(interval.note(cost: 0.02, of: "checkpoint.every_seconds") == nil)
    #expect(interval.note(cost: 0.06, of: "checkpoint.every_seconds")?.contains("auto is 1685 s") == true)
    #expect(interval.note(cost: 0.001, of: "checkpoint.every_seconds") == nil && interval.cost == 0.001)
  }

  @Test func `A number of seconds stays what it is and says nothing`() {
    var fixed = CheckpointInterval(.seconds(0.5), hosts: 3, hostFailureSeconds: 1)
    #expect(fixed.note(cost: 100, of: "key") == nil && fixed.seconds == 0.5)
    var none = CheckpointInterval(nil, hosts: 3, hostFailureSeconds: 1)
    #expect(none.note(cost: 100, of: "key") == nil && none.seconds == nil)
  }

  @Test func `Hosts are said to fail by an environment variable`() throws {
    func seconds(_ text: String?) throws -> Double {
      try LaunchEnvironment(text.map { ["MULTIBOX_MTBF_NODE": $0] } ?? [:]).hostFailureSeconds()
    }
    #expect(try seconds(nil) == 94_608_000 && seconds("") == 94_608_000)
    #expect(try seconds("26280") == 94_608_000 && seconds("0.5") == 1800)
    for text in ["never", "0", "-1", "inf", "nan", "3 years"] {
      let error = #expect(throws: MessagePassingError.self) { try seconds(text) }
      #expect("\(error!)".hasPrefix("MULTIBOX_MTBF_NODE is '\(text)': expected the mean hours"))
    }
  }

  /// The run's last message of it names what the log says; the bits are those of any other run.
  @Test func `A run tells its interval and keeps its bits`() throws {
    let runs = try NarrowRuns()
    let plain = try runs.train("plain")
    #expect(!runs.messages.recorded.contains { $0.contains("auto is") })
    let overrides = ["checkpoint.every_seconds=auto", "checkpoint.memory_every_seconds=auto"]
    #expect(try runs.train("timed", overrides) == plain)
    for key in ["every_seconds", "memory_every_seconds"] {
      let told = runs.messages.recorded.filter { $0.contains("checkpoint.\(key): auto is") }
      #expect(!told.isEmpty && told.allSatisfy { $0.contains("the host fails every 1095 days") }, "\(told)")
      // A busy machine may hold the second checkpoint up for longer than the first.
      let intervals = try told.map { try #require(Double($0.firstMatch(of: #/auto is (\d+) s/#)?.output.1 ?? "")) }
      #expect(zip(intervals, intervals.dropFirst()).allSatisfy { 2 * $0 <= $1 + 1 }, "\(told)")
    }
  }
}
