import Files
import MessagePassing
import Training

/// A measured connection between two ranks.
package struct Link: Codable, Sendable, Equatable {
  /// The lower rank.
  package var first: Int
  /// The higher rank.
  package var second: Int
  /// Seconds that a small message takes one way.
  package var latency: Double
  /// Bytes a second, one way, of large messages.
  package var bandwidth: Double

  package init(first: Int, second: Int, latency: Double, bandwidth: Double) {
    self.first = first
    self.second = second
    self.latency = latency
    self.bandwidth = bandwidth
  }

  /// Up to this many ranks every pair is measured.
  private static let allPairs = 8

  /// The pairs to measure, in rounds; the pairs of a round do not disturb each other.
  ///
  /// Of few ranks all pairs, one after the other; of many a ring that enters and leaves every machine once, in two or three rounds.
  ///
  /// - Parameter hosts: the machine of each rank.
  package static func rounds(hosts: [String]) -> [[(first: Int, second: Int)]] {
    let count = hosts.count
    if count <= allPairs {
      return (0..<count).flatMap { first in (first + 1..<max(count, first + 1)).map { [(first, $0)] } }
    }
    let ring = hosts.firstOccurrences.flatMap { host in hosts.indices.filter { hosts[$0] == host } }
    let edges = ring.indices.map { index in
      let (one, other) = (ring[index], ring[(index + 1) % count])
      return (first: min(one, other), second: max(one, other))
    }
    let isOdd = !count.isMultiple(of: 2)
    let paired = isOdd ? Array(edges.dropLast()) : edges
    let rounds = [0, 1].map { parity in paired.indices.filter { $0 % 2 == parity }.map { paired[$0] } }
    return rounds + (isOdd ? [[edges[count - 1]]] : [])
  }
}

extension Link {
  /// Below this many bytes a second a link is slower than Gigabit Ethernet.
  private static let slowBandwidth = 100e6
  /// Above this many seconds one way, small messages hold up an iteration.
  private static let longLatency = 1e-3

  /// Judges the connections.
  ///
  /// - Parameters:
  ///   - hosts: the machine of each rank.
  ///   - carriers: the network interfaces that were seen to carry messages between machines.
  ///   - gradientBytes: what every rank adds up in an iteration; nil without a configuration.
  package static func findings(
    _ links: [Link], hosts: [String], carriers: [String], gradientBytes: Int?
  ) -> [Finding] {
    let (inside, between) = (
      links.filter { hosts[$0.first] == hosts[$0.second] }, links.filter { hosts[$0.first] != hosts[$0.second] }
    )
    let suffix =
      (carriers.isEmpty ? "" : ", over \(carriers.joined(separator: ", "))")
      + (exchange(between, hosts, gradientBytes) ?? "")
    return [
      finding(
        inside, "links inside hosts", hosts,
        slow: "leave the processors to as many ranks, and let \(MPILibrary.built.name) use shared memory"
          + (MPILibrary.built == .openMPI ? " (no 'mpirun --mca btl …')" : ""),
        uneven: "leave the processors to as many ranks: other work delays messages",
        late: "leave the processors to as many ranks: other work delays messages"),
      finding(
        between, "links between hosts", hosts, suffix: suffix,
        slow: "choose the fastest network with \(NetworkChoice.option(nil, of: .built)); halve the bytes with "
          + "--set communication.wire=bfloat16",
        uneven: "look at the cable, the switch and the load of the slower hosts, or leave them out",
        late: "send fewer, larger messages: --set communication.bucket_megabytes=32"),
    ].compactMap(\.self)
  }

  /// Judges links of one kind; the remedies are for little bandwidth, for one link much slower than others, and for long latency.
  private static func finding(
    _ links: [Link], _ check: String, _ hosts: [String], suffix: String = "", slow: String, uneven: String, late: String
  ) -> Finding? {
    guard let slowest = links.min(by: { $0.bandwidth < $1.bandwidth }),
      let latest = links.max(by: { $0.latency < $1.latency })
    else { return nil }
    func name(_ link: Link) -> String {
      let (one, other) = (hosts[link.first], hosts[link.second])
      return "ranks \(link.first) and \(link.second), \(one == other ? one : "\(one) and \(other)")"
    }
    let (rate, delay) = (Quantities.rate(slowest.bandwidth), Quantities.seconds(latest.latency))
    let message =
      links.count == 1
      ? "\(rate), latency \(delay) (\(name(slowest)))\(suffix)"
      : "\(links.count) measured, slowest \(rate) (\(name(slowest))), longest latency \(delay) (\(name(latest)))\(suffix)"
    let median = links.map(\.bandwidth).median
    if slowest.bandwidth < slowBandwidth { return .warning(check, message, remedy: slow) }
    if links.count > 2, slowest.bandwidth < median / 4 {
      return .warning(check, "\(message); half of them reach \(Quantities.rate(median))", remedy: uneven)
    }
    return latest.latency > longLatency ? .warning(check, message, remedy: late) : .ok(check, message)
  }

  /// What the exchange of gradients takes on the slowest connection between machines, if nothing hides it.
  private static func exchange(_ links: [Link], _ hosts: [String], _ gradientBytes: Int?) -> String? {
    guard let gradientBytes, let bandwidth = links.map(\.bandwidth).min() else { return nil }
    // A machine sends its ranks' values to the owners elsewhere, and its own sums to all others.
    let crowd = hosts.firstOccurrences.map { host in hosts.count { $0 == host } }.max() ?? 1
    let bytes = 2 * Double(gradientBytes) * Double(crowd * (hosts.count - crowd)) / Double(hosts.count)
    return "; gradients of an iteration take \(Quantities.seconds(bytes / bandwidth)) here"
  }
}
