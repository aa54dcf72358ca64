import Foundation

/// On which machine and on which of its processors each rank runs.
package struct RankPlacement: Sendable, CustomStringConvertible {
  /// A rank's place.
  package struct Place: Sendable, Equatable {
    /// The machine's name.
    package let host: String
    /// The processors its launcher gave it (its affinity mask).
    package let processors: [Int]

    package init(host: String, processors: [Int]) {
      self.host = host
      self.processors = processors
    }
  }

  /// By rank.
  package let places: [Place]
  private let rank: Int

  /// Asks all ranks.
  ///
  /// - Parameter host: the name of this rank's machine.
  package init(
    _ communicator: any Communicator, host: String = ProcessInfo.processInfo.hostName
  ) throws(MessagePassingError) {
    let hosts = try communicator.allGather(host)
    let lists = try communicator.allGather(Self.allowedProcessors())
    self.init(
      rank: communicator.rank,
      places: zip(hosts, lists).map { Place(host: $0, processors: Self.numbers(inList: $1)) })
  }

  package init(rank: Int, places: [Place]) {
    self.rank = rank
    self.places = places
  }

  /// New numbers for ranks of these machines: machine by machine, in the order of their first ranks.
  package static func numbers(byHost hosts: [String]) -> [Int] {
    var first: [String: Int] = [:]
    for (rank, host) in hosts.enumerated() where first[host] == nil { first[host] = rank }
    let order = hosts.indices.sorted { (first[hosts[$0]]!, $0) < (first[hosts[$1]]!, $1) }
    var numbers = hosts.indices.map { $0 }
    for (number, rank) in order.enumerated() { numbers[rank] = number }
    return numbers
  }

  /// This rank's place.
  package var own: Place { places[rank] }

  /// Of each rank the number of its machine, which count in the order of their first ranks.
  package var hostNumbers: [Int] {
    let names = places.map(\.host).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    return places.map { numbers[$0.host]! }
  }

  /// The first rank of each machine, in their order.
  package var firstRanks: [Int] {
    let numbers = hostNumbers
    return (0..<(numbers.max() ?? -1) + 1).map { numbers.firstIndex(of: $0)! }
  }

  /// The same of at most so many machines that are far from each other in their order, because neighbours share switches and power.
  package func firstRanks(ofHosts most: Int) -> [Int] {
    let all = firstRanks
    let count = min(most, all.count)
    return (0..<count).map { all[$0 * all.count / count] }
  }

  /// Whether this rank is the first of its machine.
  package var isFirstOnHost: Bool { ranksOnHost.first == rank }

  /// The ranks of this machine.
  package var ranksOnHost: [Int] { places.indices.filter { places[$0].host == own.host } }

  /// Compute threads for this rank: its processors, divided among the ranks that have the same ones.
  package var threads: Int {
    let sharers = ranksOnHost.count { !Set(places[$0].processors).isDisjoint(with: own.processors) }
    return max(1, own.processors.count / max(1, sharers))
  }

  /// What is wrong with `threads` threads on the own processors, and the launch option that mends it; nil when they fit.
  package func warning(threads: Int) -> String? {
    guard threads > own.processors.count else { return nil }
    return """
      rank \(rank) (\(own.host)) is bound to \(own.processors.count == 1 ? "one processor" : "\(own.processors.count) processors") \
      but has \(threads) compute threads; start mpirun with \(MPILibrary.built.wider(threads: threads))
      """
  }

  /// "0-3,8" of the line Cpus_allowed_list in /proc/self/status.
  private static func allowedProcessors() -> String {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let key = "Cpus_allowed_list:"
    return status.split(separator: "\n").first { $0.hasPrefix(key) }?.dropFirst(key.count)
      .trimmingCharacters(in: .whitespaces) ?? ""
  }

  /// Ranks by machine: "4 (2 on node1, 2 on node2)".
  package var description: String {
    var hosts: [(name: String, count: Int)] = []
    for place in places {
      if let index = hosts.firstIndex(where: { $0.name == place.host }) {
        hosts[index].count += 1
      } else {
        hosts.append((place.host, 1))
      }
    }
    return "\(places.count) (\(hosts.map { "\($0.count) on \($0.name)" }.joined(separator: ", ")))"
  }

  /// The numbers in "0-3,8".
  package static func numbers(inList list: String) -> [Int] {
    list.split(separator: ",").flatMap { item -> [Int] in
      let ends = item.split(separator: "-").compactMap { Int($0) }
      return ends.isEmpty ? [] : Array(ends[0]...max(ends[0], ends[ends.count - 1]))
    }
  }
}
