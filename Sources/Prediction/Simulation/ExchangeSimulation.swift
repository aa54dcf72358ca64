import MessagePassing

/// The exchange of an iteration's gradients at all ranks, event by event.
///
/// A rank has a thread that posts messages, copies what stays on its machine, and adds; the card of a machine serves what its ranks send to
/// others in order, and so does the receiving one. A step of a sum ends at a rank when all its messages have come and gone. Buckets begin in
/// the order of the plan, at most ``SumPlan/atOnce`` at a time.
struct ExchangeSimulation {
  private let plan: SumPlan
  private let net: Interconnect
  private let values: [Double]
  private let ranks: Int
  private let steps: Int
  private var queue = EventQueue()

  // Of each rank.
  private var busyUntil: [Double]
  private var begun: [Int]
  private var ended: [Int]
  private var completeBuckets: [Int]
  // Of each machine's card.
  private var sendsUntil: [Double]
  private var receivesUntil: [Double]
  // Of each bucket, step and rank: members whose messages are there, the rank itself with what it sends among them, and the last instant.
  private var arrivals: [Int32]
  private var latest: [Double]
  // Of each rank and bucket.
  private var isOver: [Bool]
  private var endTimes: [Double]

  /// - Parameter values: numbers in each bucket, in the order of the plan.
  init(_ plan: SumPlan, _ net: Interconnect, values: [Int]) {
    (self.plan, self.net) = (plan, net)
    self.values = values.map(Double.init)
    (ranks, steps) = (plan.worldSize, plan.stepCount)
    let machines = (plan.hosts.max() ?? 0) + 1
    busyUntil = Array(repeating: 0, count: ranks)
    begun = Array(repeating: 0, count: ranks)
    (ended, completeBuckets) = (begun, begun)
    sendsUntil = Array(repeating: 0, count: machines)
    receivesUntil = sendsUntil
    arrivals = Array(repeating: 0, count: values.count * steps * ranks)
    latest = Array(repeating: 0, count: arrivals.count)
    isOver = Array(repeating: false, count: ranks * values.count)
    endTimes = Array(repeating: 0, count: isOver.count)
  }

  /// Runs it.
  ///
  /// - Parameter ready: when each bucket is complete at a rank, rank by rank.
  /// - Returns: when each bucket's sum is there, rank by rank.
  mutating func run(ready: [Double]) -> [Double] {
    precondition(ready.count == endTimes.count, "\(ready.count) instants for \(endTimes.count) buckets")
    for rank in 0..<ranks {
      busyUntil[rank] = 0
      for bucket in values.indices {
        queue.insert(
          Event(time: ready[rank * values.count + bucket], rank: Int32(rank), bucket: Int32(bucket), step: nil))
      }
    }
    while let event = queue.next() {
      let rank = Int(event.rank)
      if let step = event.step {
        finish(Int(step), bucket: Int(event.bucket), rank, at: event.time)
      } else {
        completeBuckets[rank] += 1
      }
      beginWhatCan(rank, at: event.time)
    }
    return endTimes
  }

  private mutating func beginWhatCan(_ rank: Int, at time: Double) {
    while begun[rank] < completeBuckets[rank], begun[rank] - ended[rank] < plan.atOnce {
      let bucket = begun[rank]
      begun[rank] += 1
      var start = max(time, busyUntil[rank])
      if plan.rounds { start += values[bucket] * net.additionSeconds / 2 }
      send(step: 0, bucket: bucket, rank, at: start)
    }
  }

  /// The messages of a step are there: adds, and begins the next one.
  private mutating func finish(_ step: Int, bucket: Int, _ rank: Int, at time: Double) {
    let idle = time - busyUntil[rank]
    var now = idle > 0 ? time + net.polling.delay(after: idle) : busyUntil[rank]
    let levels = plan.groups.levels
    if step < levels.count {
      let size = Double(levels[step].size)
      // What all other members hold of the rank's own part.
      let terms = (size * Double(plan.pieces) - 1) * part(step, of: bucket)
      now += terms * net.additionSeconds
    }
    guard step + 1 == steps else { return send(step: step + 1, bucket: bucket, rank, at: now) }
    if plan.rounds { now += values[bucket] * net.additionSeconds / 2 }
    busyUntil[rank] = now
    let first = rank * values.count
    isOver[first + bucket] = true
    endTimes[first + bucket] = now
    while ended[rank] < begun[rank], isOver[first + ended[rank]] {
      endTimes[first + ended[rank]] = now
      ended[rank] += 1
    }
  }

  /// Numbers of a bucket that a rank sends to one member on a level.
  private func part(_ level: Int, of bucket: Int) -> Double {
    values[bucket] / Double(plan.groups.levels[level].distance * plan.groups.levels[level].size)
  }

  private mutating func send(step: Int, bucket: Int, _ rank: Int, at start: Double) {
    let levels = plan.groups.levels
    let isInwards = step < levels.count
    let level = isInwards ? step : steps - 1 - step
    let (size, distance) = (levels[level].size, levels[level].distance)
    let digit = rank / distance % size
    let first = rank - digit * distance
    let bytes = part(level, of: bucket) * Double(plan.bytesPerValue * (isInwards ? plan.pieces : 1))
    let messages = max(1, (bytes / Double(plan.messageBytes)).rounded(.up))
    let (own, between) = (plan.hosts[rank], net.between)
    let onWire = bytes / between.bandwidth
    let base = (bucket * steps + step) * ranks
    var now = start
    var lastSent = start
    for behind in 1..<size {
      let member = first + (digit + behind) % size * distance
      let host = plan.hosts[member]
      var arrival: Double
      if host == own {
        now += net.inside.messageSeconds + bytes / net.inside.bandwidth
        arrival = now + net.inside.latency
        lastSent = max(lastSent, now)
      } else {
        now += messages * between.messageSeconds
        sendsUntil[own] = max(sendsUntil[own], now) + onWire
        // Ranks are served one after the other here, but send at the same time: a card receives what it has been sent so far at its own
        // rate, in whatever order.
        receivesUntil[host] = max(receivesUntil[host], now) + onWire
        arrival = max(receivesUntil[host], sendsUntil[own]) + between.latency
        lastSent = max(lastSent, sendsUntil[own])
      }
      note(base + member, member, bucket, step, size, at: arrival)
    }
    busyUntil[rank] = now
    note(base + rank, rank, bucket, step, size, at: lastSent)
  }

  /// One more member's part of a step is there.
  private mutating func note(_ place: Int, _ rank: Int, _ bucket: Int, _ step: Int, _ size: Int, at time: Double) {
    arrivals[place] += 1
    latest[place] = max(latest[place], time)
    guard arrivals[place] == Int32(size) else { return }
    queue.insert(Event(time: latest[place], rank: Int32(rank), bucket: Int32(bucket), step: Int32(step)))
  }
}
