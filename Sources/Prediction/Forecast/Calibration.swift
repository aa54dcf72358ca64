import Foundation
import MessagePassing

/// Brings what links promise in line with what sums were measured to reach: with several connections at once, in both directions, beside
/// additions, they get less than single messages do.
struct Calibration {
  /// The corrected links.
  let net: Interconnect
  /// Bandwidth by that of the links; 1 where nothing large was measured.
  let bandwidthFactor: Double

  /// Sums of at least so many bytes tell bandwidth, of at most so many latency.
  private static let large = 1 << 20
  private static let small = 1 << 16
  /// The most that a correction may be.
  private static let limits = (least: 1.0 / 16, most: 16.0)

  /// - Parameters:
  ///   - measurement: over several machines corrects the links between them, else those inside.
  ///   - wire: which of its sums count.
  /// - Returns: nil when the measurement has no such sums.
  init?(_ net: Interconnect, _ measurement: SumMeasurement, wire: WireFormat) {
    let method = wire == .float32 ? "reproducible" : "reproducible_bfloat16"
    let order = SummationOrder(count: measurement.hosts.count)
    guard let seconds = measurement.seconds[method],
      let plan = wire == .float32 && !measurement.groups.isEmpty
        ? SumPlan(hosts: measurement.hosts, groups: SumGroups(sizes: measurement.groups), wire: wire)
        : SumPlan(hosts: measurement.hosts, order: order, wire: wire)
    else { return nil }
    let link = measurement.crossesHosts ? \Interconnect.between : \Interconnect.inside
    let sizes = zip(measurement.bytes, seconds).sorted { $0.0 < $1.0 }
    var (net, bandwidth) = (net, 1.0)
    let promised = net
    for _ in 0..<3 {
      if let (bytes, goal) = sizes.last, bytes >= Self.large {
        bandwidth = Self.solve { factor in
          var trial = net
          trial[keyPath: link].bandwidth = promised[keyPath: link].bandwidth * factor
          return plan.seconds(values: bytes / 4, trial) < goal
        }
        net[keyPath: link].bandwidth = promised[keyPath: link].bandwidth * bandwidth
      }
      if let (bytes, goal) = sizes.first, bytes <= Self.small {
        let factor = Self.solve { factor in
          var trial = net
          trial[keyPath: link].latency = promised[keyPath: link].latency / factor
          return plan.seconds(values: bytes / 4, trial) < goal
        }
        net[keyPath: link].latency = promised[keyPath: link].latency / factor
      }
    }
    (self.net, bandwidthFactor) = (net, bandwidth)
  }

  /// The factor at which what gets faster with it just stops to be too fast.
  private static func solve(_ isTooFast: (Double) -> Bool) -> Double {
    var (low, high) = (log(limits.least), log(limits.most))
    for _ in 0..<30 {
      let middle = (low + high) / 2
      if isTooFast(exp(middle)) { high = middle } else { low = middle }
    }
    return exp((low + high) / 2)
  }
}
