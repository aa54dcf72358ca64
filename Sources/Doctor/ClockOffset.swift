import Files
import Foundation
import MessagePassing

/// How far the clock of a machine is from that of rank 0.
package struct ClockOffset: Sendable, Equatable {
  /// The machine.
  package var host: String
  /// Seconds by which its clock is ahead.
  package var seconds: Double
  /// Half the time of the fastest message to and fro: the offset is known to this.
  package var uncertainty: Double

  package init(host: String, seconds: Double, uncertainty: Double) {
    self.host = host
    self.seconds = seconds
    self.uncertainty = uncertainty
  }

  private static let repetitions = 20
  /// Above this, times in logs and the scheduler's end of the job mean something else on each machine.
  private static let limit = 1.0

  /// Asks the first rank of every other machine for its time. Collective; rank 0 gets the result.
  static func measure(_ communicator: MPICommunicator, hosts: [String], board: PhaseBoard) throws -> [ClockOffset] {
    var offsets: [ClockOffset] = []
    for host in hosts.firstOccurrences where host != hosts[0] {
      let other = hosts.firstIndex(of: host)!
      board.enter("comparing clocks with \(host)")
      if communicator.rank == 0 {
        var best = ClockOffset(host: host, seconds: 0, uncertainty: .infinity)
        for _ in 0..<repetitions {
          var (before, there) = (Date().timeIntervalSince1970, 0.0)
          try withUnsafeBytes(of: &before) { try communicator.send($0, to: other) }
          try withUnsafeMutableBytes(of: &there) { try communicator.receive($0, from: other) }
          let after = Date().timeIntervalSince1970
          if (after - before) / 2 < best.uncertainty {
            best.seconds = there - (before + after) / 2
            best.uncertainty = (after - before) / 2
          }
        }
        offsets.append(best)
      } else if communicator.rank == other {
        for _ in 0..<repetitions {
          var time = 0.0
          try withUnsafeMutableBytes(of: &time) { try communicator.receive($0, from: 0) }
          time = Date().timeIntervalSince1970
          try withUnsafeBytes(of: &time) { try communicator.send($0, to: 0) }
        }
      }
    }
    return offsets
  }

  /// Judges the clocks; nil when there is only one machine.
  ///
  /// - Parameter reference: the machine of rank 0.
  package static func finding(_ offsets: [ClockOffset], reference: String) -> Finding? {
    guard let worst = offsets.max(by: { abs($0.seconds) < abs($1.seconds) }) else { return nil }
    let direction = worst.seconds < 0 ? "behind" : "ahead of"
    let message =
      "\(worst.host) is \(Quantities.seconds(abs(worst.seconds))) \(direction) \(reference) (± \(Quantities.seconds(worst.uncertainty)))"
    if abs(worst.seconds) - worst.uncertainty > limit {
      return .warning(
        "clocks", message + "; times in logs and the end of the job differ by that",
        remedy: "run chrony or ntpd on every host")
    }
    return .ok(
      "clocks", offsets.count > 1 ? "\(Quantities.count(offsets.count, "host")) compared, at most: \(message)" : message
    )
  }
}
