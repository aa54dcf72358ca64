import Foundation

/// How much time passes between two checkpoints that are written by the clock.
///
/// Where nobody has said, the interval is the one that costs least (Young, CACM 17(9), 1974): with C the seconds for which a checkpoint
/// holds all ranks up and M the mean time between two failures of any host, a run loses C / t to checkpoints and t / 2M to iterations that
/// are computed again, least at
///
///     t = √(2 C M),     M = mean time between failures of one host / hosts
package struct CheckpointInterval {
  /// No checkpoint more often, whatever hosts are said to fail.
  static let shortest = 30.0
  /// Schedulers and people end jobs too.
  static let longest = 1800.0
  /// At most a twentieth of the time goes to checkpoints.
  static let share = 20.0

  private let setting: Configuration.Checkpoint.Interval?
  private let hosts: Int
  private let hostFailureSeconds: Double
  /// C, as it was measured last.
  package private(set) var cost = 0.0
  private var told = 0.0

  /// - Parameters:
  ///   - setting: nil for no checkpoints by the clock.
  ///   - hosts: of the job.
  ///   - hostFailureSeconds: mean time between two failures of one of them.
  package init(_ setting: Configuration.Checkpoint.Interval?, hosts: Int, hostFailureSeconds: Double) {
    precondition(hosts > 0 && hostFailureSeconds > 0, "\(hosts) hosts that fail every \(hostFailureSeconds) s")
    (self.setting, self.hosts, self.hostFailureSeconds) = (setting, hosts, hostFailureSeconds)
  }

  /// Whether it follows from ``cost``.
  package var isAutomatic: Bool { setting == .automatic }

  /// Seconds; nil for no checkpoints by the clock.
  package var seconds: Double? {
    switch setting {
    case nil: return nil
    case .seconds(let seconds): return seconds
    case .automatic:
      let cheapest = (2 * cost * hostFailureSeconds / Double(hosts)).squareRoot()
      return max(min(cheapest, Self.longest), Self.shortest, Self.share * cost)
    }
  }

  /// Takes note of how long a checkpoint has held training up.
  ///
  /// - Returns: what to tell: the interval, where it follows from that, the first time and when it has doubled since.
  package mutating func note(cost seconds: Double, of key: String) -> String? {
    cost = seconds
    guard isAutomatic, let interval = self.seconds, interval > 2 * told else { return nil }
    told = interval
    let days = hostFailureSeconds / Double(hosts) / 86_400
    let failing = hosts == 1 ? "the host fails" : "one of \(hosts) hosts fails"
    let numbers = (
      String(format: "%.0f", interval), String(format: "%.3f", cost), String(format: days < 10 ? "%.1f" : "%.0f", days)
    )
    return
      "\(key): auto is \(numbers.0) s: a checkpoint holds training up for \(numbers.1) s, and \(failing) every \(numbers.2) days"
  }
}
