import MessagePassing

/// Iterations of training at all ranks: what each computes, what it waits for, and what it exchanges.
package struct TrainingSimulation: Sendable {
  /// What an iteration is like, in seconds: means over ranks and iterations.
  package struct Result: Sendable, Equatable {
    /// Wall-clock seconds.
    package var iteration = 0.0
    /// Of them, the rank's own computation.
    package var compute = 0.0
    /// Messages and sums behind which nothing is computed.
    package var communication = 0.0
    /// For ranks that compute longer.
    package var waiting = 0.0
    /// For images.
    package var loading = 0.0
  }

  private let work: RankWork
  private let net: Interconnect
  private let plan: SumPlan?
  private let worldSize: Int
  private let buckets: [Range<Int>]
  /// Micro-batches of a rank.
  private let microBatches: Int
  private let additionsBefore: Int
  private let additionsAtEnd: Int

  /// What a step of a gather of small records takes besides its messages: the mean pause between two looks.
  private static let lookSeconds = 50e-6

  /// - Parameters:
  ///   - plan: how buckets are summed; nil for one rank.
  ///   - order: the tree of all micro-batches.
  ///   - buckets: ranges of the arena in the order in which they leave.
  /// - Precondition: the ranks share the micro-batches evenly.
  package init(_ work: RankWork, _ net: Interconnect, plan: SumPlan?, order: SummationOrder, buckets: [Range<Int>]) {
    (self.work, self.net, self.plan, self.buckets) = (work, net, plan, buckets)
    worldSize = plan?.worldSize ?? 1
    microBatches = order.merges.count / worldSize
    let merges = order.share(0..<microBatches).merges
    additionsAtEnd = merges.last ?? 0
    additionsBefore = merges.reduce(0, +) - additionsAtEnd
  }

  /// Simulates so many iterations.
  package func run(iterations: Int = 20) -> Result {
    precondition(iterations > 0, "\(iterations) iterations")
    let jitter = ComputeJitter(deviation: worldSize > 1 ? work.jitter : 0)
    var start = Array(repeating: 0.0, count: worldSize)
    var result = Result()
    for iteration in 0..<iterations {
      let factors = (0..<worldSize).map { jitter.factor(iteration: iteration, rank: $0) }
      start = simulate(start, factors, &result)
    }
    let count = Double(iterations)
    result.iteration = start.reduce(0, +) / Double(worldSize) / count
    for part in [\Result.compute, \.waiting, \.loading] { result[keyPath: part] /= count * Double(worldSize) }
    result.communication = max(0, result.iteration - result.compute - result.waiting - result.loading)
    return result
  }

  /// Seconds in which small records of all ranks come together, along the groups.
  private var gatherSeconds: Double {
    guard let plan else { return 0 }
    let groups = RankLayout(hosts: plan.hosts).groups
    return groups.levels.indices.reduce(0) { seconds, level in
      let members = groups.members(level, of: 0)
      let link = members.contains { plan.hosts[$0] != plan.hosts[0] } ? net.between : net.inside
      return seconds + Double(members.count - 1) * link.messageSeconds + link.latency
        + (net.polling == .none ? 0 : Self.lookSeconds)
    }
  }

  /// One iteration, from when each rank begins it to when each ends it.
  private func simulate(_ start: [Double], _ factors: [Double], _ result: inout Result) -> [Double] {
    /// Who has shown its record goes on, and later waits until all have.
    func meet(_ shown: [Double], at times: [Double]) -> [Double] {
      let last = shown.max() ?? 0
      for time in times { result.waiting += max(0, last - time) }
      return times.map { max($0, last + gatherSeconds) }
    }
    let cycle = work.forward + work.loss + work.backward
    let before =
      Double(microBatches - 1) * cycle + Double(additionsBefore) * work.addition + work.forward + work.loss
    // N is needed behind the first forward pass, the losses of all before the first update.
    let agreed = meet(start, at: zip(start, factors).map { $0 + work.forward * $1 })
    let last = zip(agreed, factors).map { $0 + (before - work.forward) * $1 }
    let behind = work.backward + Double(additionsAtEnd) * work.addition
    let backwardEnds = zip(last, factors).map { $0 + behind * $1 }
    let lossesKnown = meet(last, at: backwardEnds)
    let slowest = lossesKnown.max() ?? 0
    let sums = plan.map { exchange($0, from: last, factors) }
    let values = Double(max(1, buckets.reduce(0) { $0 + $1.count }))
    return start.indices.map { rank in
      var now = lossesKnown[rank]
      let factor = factors[rank]
      if let sums {
        let mine = sums[rank * buckets.count..<(rank + 1) * buckets.count]
        if work.clips {
          now = max(now, mine.max() ?? 0) + work.update * factor
        } else {
          for (bucket, time) in zip(buckets, mine) {
            now = max(now, time) + work.update * factor * Double(bucket.count) / values
          }
        }
        result.waiting += slowest - lossesKnown[rank]
      } else {
        now += work.update * factor
      }
      result.compute += (before + behind + work.update) * factor
      let loaded = start[rank] + Double(microBatches) * work.loading
      result.loading += max(0, loaded - now)
      return max(now, loaded)
    }
  }

  private func exchange(_ plan: SumPlan, from start: [Double], _ factors: [Double]) -> [Double] {
    let values = max(1, buckets.reduce(0) { $0 + $1.count })
    var complete = 0
    // A bucket is there when backward has passed it and the sums of earlier micro-batches are added to it.
    let seconds = buckets.map { bucket in
      complete += bucket.count
      let share = Double(complete) / Double(values)
      return work.curve.seconds(completeFrom: bucket.lowerBound) + share * Double(additionsAtEnd) * work.addition
    }
    var simulation = ExchangeSimulation(plan, net, values: buckets.map(\.count))
    return simulation.run(ready: zip(start, factors).flatMap { start, factor in seconds.map { start + $0 * factor } })
  }
}

extension SumPlan {
  /// Seconds of a single sum of so many values that all ranks begin at once, the slowest rank's.
  package func seconds(values: Int, _ net: Interconnect) -> Double {
    let parts = GroupedSum.parts(of: values, groups, hosts: hosts)
    var simulation = ExchangeSimulation(self, net, values: parts.map(\.count))
    return simulation.run(ready: Array(repeating: 0, count: worldSize * parts.count)).max() ?? 0
  }
}
