/// Where the ranks of a job are, as far as sums want to know.
package struct RankLayout: Sendable {
  /// Of each rank, the number of its machine.
  package let hosts: [Int]
  /// The sizes of groups that the environment asks for, the innermost first; nil where they follow from the machines.
  package let groupSizes: [Int]?

  /// Ranks that are all on one machine.
  package init(worldSize: Int) {
    self.init(hosts: Array(repeating: 0, count: worldSize))
  }

  package init(hosts: [Int], groupSizes: [Int]? = nil) {
    (self.hosts, self.groupSizes) = (hosts, groupSizes)
  }

  /// The layout of a job; `MULTIBOX_GROUPS=4x2` in the environment asks for groups, to try and to test them.
  ///
  /// - Throws: ``MessagePassingError`` for groups that are not all ranks.
  package init(_ placement: RankPlacement, environment: [String: String]) throws(MessagePassingError) {
    var sizes: [Int]?
    if let text = environment["MULTIBOX_GROUPS"], !text.isEmpty, placement.places.count > 1 {
      let numbers = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      guard numbers.allSatisfy({ $0 > 1 }),
        numbers.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) == placement.places.count
      else {
        throw MessagePassingError(
          "MULTIBOX_GROUPS=\(text): expected sizes of groups whose product is the number of ranks, \(placement.places.count), as \(SumGroups.sizes(worldSize: placement.places.count, ranksOnHosts: []).map(String.init).joined(separator: "x"))"
        )
      }
      sizes = numbers
    }
    self.init(hosts: placement.hostNumbers, groupSizes: sizes)
  }

  /// The groups for a sum of terms that the ranks share evenly; nil where a rank holds several pieces of the tree, which are exchanged
  /// otherwise (``ReproducibleSum``), and for one rank.
  package func groups(_ order: SummationOrder) -> SumGroups? {
    guard hosts.count > 1 else { return nil }
    return groups.fit(order) ? groups : nil
  }

  /// The groups along which ranks show each other small records, whatever they add.
  package var groups: SumGroups {
    SumGroups(sizes: groupSizes ?? SumGroups.sizes(worldSize: hosts.count, ranksOnHosts: runs))
  }

  /// How many ranks each machine has; nothing where those of one are not consecutive.
  private var runs: [Int] {
    let counts = hosts.reduce(into: [(host: Int, count: Int)]()) { runs, host in
      if runs.last?.host == host { runs[runs.count - 1].count += 1 } else { runs.append((host, 1)) }
    }
    return Set(counts.map(\.host)).count == counts.count ? counts.map(\.count) : []
  }
}
