/// Decides from the reports of all ranks whether a job has stalled, and by whom.
package struct StallRule {
  /// What rank 0 knows of a rank.
  package struct Report {
    package let host: String
    package let processID: Int32
    /// The newest reading; nil when the rank was never heard of.
    package var reading: PhaseBoard.Reading?
    /// Seconds since it arrived.
    package var age: Double

    package init(host: String, processID: Int32, reading: PhaseBoard.Reading?, age: Double) {
      self.host = host
      self.processID = processID
      self.reading = reading
      self.age = age
    }
  }

  /// Seconds that anything may take.
  let limit: Double
  /// What sets the limit, for messages.
  let setting: String

  /// The configuration's key.
  package static let configuredSetting = "communication.stall_seconds"

  package init(limit: Double, setting: String = Self.configuredSetting) {
    self.limit = limit
    self.setting = setting
  }

  /// Why the job must end; nil when it goes on. `ownIdleSeconds` is how long rank 0 itself has finished nothing.
  ///
  /// A rank that works and finishes nothing stalls the job. A rank that is silent does so when rank 0 makes no progress either: its reports
  /// may be lost though it works. When all ranks wait for each other for that long, messages are lost.
  package func verdict(_ reports: [Report], ownIdleSeconds: Double) -> String? {
    var culprits: [Int] = []
    for (rank, report) in reports.enumerated() {
      guard let reading = report.reading, report.age <= limit else {
        if ownIdleSeconds > limit { culprits.append(rank) }
        continue
      }
      if !reading.waitsForOthers, reading.secondsWithoutProgress + report.age > limit { culprits.append(rank) }
    }
    let everybodyWaits = reports.allSatisfy {
      guard let reading = $0.reading else { return false }
      return reading.waitsForOthers && reading.secondsWithoutProgress > limit
    }
    if culprits.isEmpty, !everybodyWaits { return nil }
    let cause =
      culprits.isEmpty
      ? "all ranks wait for each other: messages between them are lost"
      : "held up by \(culprits.prefix(Self.ranksWithLines).map { "rank \($0) (\(reports[$0].host))" }.joined(separator: ", "))"
        + (culprits.count > Self.ranksWithLines ? " and \(culprits.count - Self.ranksWithLines) more" : "")
    return
      (["no progress for \(Int(limit)) seconds (\(setting)), \(cause)"] + Self.lines(reports, culprits))
      .joined(separator: "\n")
  }

  /// What to say when some ranks were never heard of although the job runs; nil when all were.
  package func warning(_ reports: [Report]) -> String? {
    let silent = reports.indices.filter { reports[$0].reading == nil }
    guard let first = silent.first else { return nil }
    let more = silent.count > 1 ? " and \(silent.count - 1) more" : ""
    return
      "no report of rank \(first) (\(reports[first].host))\(more) reaches rank 0: does a firewall stop UDP between the hosts? "
      + "If one of them stalls, the job ends all the same, but it cannot be told which"
  }

  /// So many ranks have a line each; of more, those that do the same have one, and there are so many lines of these.
  private static let ranksWithLines = 16
  /// The most ranks that a line names.
  private static let namesInLine = 8

  /// What all ranks are at, those first that hold the job up.
  private static func lines(_ reports: [Report], _ culprits: [Int]) -> [String] {
    guard reports.count > ranksWithLines else { return reports.enumerated().map(line) }
    let innocent = Set(reports.indices).subtracting(culprits).sorted()
    var groups: [(state: String, ranks: [Int])] = []
    var places: [String: Int] = [:]
    for rank in innocent {
      let state = reports[rank].state
      if let place = places[state] {
        groups[place].ranks.append(rank)
      } else {
        places[state] = groups.count
        groups.append((state, [rank]))
      }
    }
    let lines = culprits.prefix(ranksWithLines).map { line($0, reports[$0]) }
    groups.sort { $0.ranks.count > $1.ranks.count }
    let others = groups.dropFirst(ranksWithLines).reduce(culprits.count - lines.count) { $0 + $1.ranks.count }
    let rest = others > 0 ? ["  and \(others) more"] : []
    return lines + groups.prefix(ranksWithLines).map { line($0.state, $0.ranks, reports) } + rest
  }

  private static func line(_ state: String, _ ranks: [Int], _ reports: [Report]) -> String {
    let seconds = ranks.map { reports[$0].seconds }
    let names = ranks.prefix(namesInLine).map { "\($0) (\(reports[$0].host))" }.joined(separator: ", ")
    let more = ranks.count > namesInLine ? ", …" : ""
    let time = seconds.min() == seconds.max() ? "\(seconds[0])" : "\(seconds.min()!) to \(seconds.max()!)"
    let duration = seconds.min()! < 0 ? "" : " for \(time) s"
    return "  \(ranks.count) \(ranks.count == 1 ? "rank" : "ranks"), \(names)\(more): \(state)\(duration)"
  }

  private static func line(_ rank: Int, _ report: Report) -> String {
    let name = "  rank \(rank) (\(report.host), process \(report.processID)): "
    guard let reading = report.reading else { return name + "never heard of" }
    let phase = "\(reading.phase) for \(Int(reading.secondsInPhase + report.age)) s"
    return name + (report.isSilent ? "silent for \(Int(report.age)) s, last seen in: \(phase)" : phase)
  }
}

extension StallRule.Report {
  fileprivate var isSilent: Bool { age > 3 }

  /// What the rank is at, without times.
  fileprivate var state: String {
    guard let reading else { return "never heard of" }
    return isSilent ? "silent, last seen in: \(reading.phase)" : reading.phase
  }

  /// For how long, in whole seconds; −1 where that is not known.
  fileprivate var seconds: Int { reading.map { Int($0.secondsInPhase + age) } ?? -1 }
}
