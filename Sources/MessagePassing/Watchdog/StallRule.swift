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
      : "held up by \(culprits.map { "rank \($0) (\(reports[$0].host))" }.joined(separator: ", "))"
    return
      (["no progress for \(Int(limit)) seconds (\(setting)), \(cause)"]
      + reports.enumerated().map(Self.line)).joined(separator: "\n")
  }

  private static func line(_ rank: Int, _ report: Report) -> String {
    let name = "  rank \(rank) (\(report.host), process \(report.processID)): "
    guard let reading = report.reading else { return name + "never heard of" }
    let phase = "\(reading.phase) for \(Int(reading.secondsInPhase + report.age)) s"
    return name + (report.age > 3 ? "silent for \(Int(report.age)) s, last seen in: \(phase)" : phase)
  }
}
