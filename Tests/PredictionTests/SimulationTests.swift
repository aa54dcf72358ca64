import MessagePassing
import Prediction
import Testing

/// The simulation where the answer is known.
struct SimulationTests {
  private let work = RankWork(
    forward: 0.1, loss: 0.02, backward: 0.2, curve: GradientCurve([.init(offset: 0, seconds: 0.2)]), addition: 0.01,
    update: 0.03)
  /// Computes nothing, so that all of the exchange shows.
  private let idle = RankWork(
    forward: 0, loss: 0, backward: 0, curve: GradientCurve([.init(offset: 0, seconds: 0)]), addition: 0, update: 0)

  private func net(bandwidth: Double = .infinity, latency: Double = 0, inside: Double = .infinity) -> Interconnect {
    Interconnect(
      inside: .init(latency: 0, bandwidth: inside, messageSeconds: 0),
      between: .init(latency: latency, bandwidth: bandwidth, messageSeconds: 0), additionSeconds: 0, polling: .none)
  }

  private func simulate(
    _ work: RankWork, _ net: Interconnect, hosts: [Int], microBatches: Int, buckets: [Range<Int>] = [0..<1_000_000],
    wire: WireFormat = .float32
  ) -> TrainingSimulation.Result {
    let order = SummationOrder(count: microBatches)
    return TrainingSimulation(
      work, net, plan: SumPlan(hosts: hosts, order: order, wire: wire), order: order, buckets: buckets
    ).run(iterations: 3)
  }

  private func isClose(_ one: Double, _ other: Double) -> Bool { abs(one - other) <= 1e-9 * max(abs(one), abs(other)) }

  @Test(arguments: [1, 2, 3, 8])
  func `One rank takes what it computes`(microBatches: Int) {
    var work = work
    work.jitter = 0.5
    let result = simulate(work, net(bandwidth: 1), hosts: [0], microBatches: microBatches)
    let expected = Double(microBatches) * 0.32 + Double(microBatches - 1) * 0.01 + 0.03
    #expect(isClose(result.iteration, expected) && isClose(result.compute, expected))
    #expect(result.communication < 1e-12 && result.waiting == 0 && result.loading == 0)
    #expect(isClose(work.seconds(microBatches: microBatches), expected))
  }

  @Test(arguments: WireFormat.allCases)
  func `With links that take no time ranks share the work and wait for nothing`(wire: WireFormat) {
    for (ranks, each) in [(2, 1), (2, 2), (4, 1), (8, 4)] {
      let result = simulate(work, net(), hosts: Array(0..<ranks), microBatches: ranks * each, wire: wire)
      #expect(isClose(result.iteration, Double(each) * 0.32 + Double(each - 1) * 0.01 + 0.03))
      #expect(result.communication < 1e-12)
    }
  }

  /// 2 b (1 − 1/W) / β and the latency of each step, and of each level on which ranks agree to begin.
  @Test(arguments: [2, 4, 8, 16, 32, 64, 3, 6, 48])
  func `A bucket behind which nothing hides takes what its bytes and steps take`(ranks: Int) {
    let (bandwidth, latency) = (1e9, 1e-4)
    let result = simulate(
      idle, net(bandwidth: bandwidth, latency: latency), hosts: Array(0..<ranks), microBatches: ranks)
    let plan = SumPlan(hosts: Array(0..<ranks), order: SummationOrder(count: ranks), wire: .float32)!
    let bytes = 4e6 * 2 * (1 - 1 / Double(ranks))
    let steps = Double(2 * plan.groups.levels.count)
    #expect(isClose(result.iteration, bytes / bandwidth + (steps + steps / 2) * latency))
    #expect(isClose(result.communication, result.iteration))
  }

  @Test func `Half the bytes take half the time on the wire`() {
    let hosts = [0, 1, 2, 3]
    let net = net(bandwidth: 1e9)
    let (whole, half) = (
      simulate(idle, net, hosts: hosts, microBatches: 4),
      simulate(idle, net, hosts: hosts, microBatches: 4, wire: .bfloat16)
    )
    #expect(isClose(whole.iteration, 2 * half.iteration))
  }

  /// The ranks of a machine share its card, and the machine's gradient crosses it once.
  @Test(arguments: [(hosts: 2, each: 1), (2, 2), (2, 8), (4, 4), (8, 2)])
  func `The card of a machine sees the gradient once`(shape: (hosts: Int, each: Int)) {
    let ranks = shape.hosts * shape.each
    let result = simulate(
      idle, net(bandwidth: 1e9), hosts: (0..<ranks).map { $0 / shape.each }, microBatches: ranks)
    #expect(isClose(result.iteration, 4e6 * 2 * (1 - 1 / Double(shape.hosts)) / 1e9))
  }

  @Test func `Without a machine of their own ranks exchange at the speed of its memory`() {
    let result = simulate(
      idle, net(bandwidth: 1, inside: 1e9), hosts: [0, 0, 0, 0], microBatches: 4)
    #expect(isClose(result.iteration, 4e6 * 2 * (1 - 1 / 4.0) / 1e9))
  }

  @Test func `Buckets hide behind backward but for the last`() {
    // Four buckets that are complete at a quarter of backward each; a sum takes 4 ms of its 50 ms.
    let buckets = (0..<4).reversed().map { $0 * 1_000_000..<($0 + 1) * 1_000_000 }
    var work = work
    work.curve = GradientCurve((1...4).map { .init(offset: 4_000_000 - $0 * 1_000_000, seconds: 0.05 * Double($0)) })
    work.update = 0
    let result = simulate(work, net(bandwidth: 1e9), hosts: [0, 1], microBatches: 2, buckets: buckets)
    #expect(isClose(result.communication, 4e-3))
    // On a network ten times as slow as that the card never rests: three wait for those before.
    let slow = simulate(work, net(bandwidth: 1e7), hosts: [0, 1], microBatches: 2, buckets: buckets)
    #expect(isClose(slow.communication, 0.05 + 4 * 0.4 - 0.2))
  }

  @Test func `A limited gradient is moved when it is whole`() {
    var work = work
    work.update = 0.02
    var clipping = work
    clipping.clips = true
    let buckets = [500_000..<1_000_000, 0..<500_000]
    let net = net(bandwidth: 1e8)
    let (one, other) = (
      simulate(work, net, hosts: [0, 1], microBatches: 2, buckets: buckets),
      simulate(clipping, net, hosts: [0, 1], microBatches: 2, buckets: buckets)
    )
    // Half of the update hides behind the second bucket.
    #expect(isClose(other.iteration - one.iteration, 0.01))
  }

  @Test func `The slowest rank is waited for`() {
    var jittery = work
    jittery.jitter = 0.05
    let hosts = Array(0..<16)
    let result = simulate(jittery, net(), hosts: hosts, microBatches: 16)
    let jitter = ComputeJitter(deviation: 0.05)
    let slowest = (0..<3).map { iteration in hosts.map { jitter.factor(iteration: iteration, rank: $0) }.max()! }
    // Update and first forward pass, which nobody waits for, are the rank's own.
    #expect(abs(result.iteration - slowest.reduce(0, +) / 3 * 0.35) < 0.005)
    #expect(result.waiting > 0.01 && result.communication < 0.002)
    #expect(abs(result.iteration - result.compute - result.waiting - result.communication) < 1e-9)
  }

  @Test func `Jitter is a function of iteration and rank`() {
    let jitter = ComputeJitter(deviation: 0.02)
    #expect(jitter.factor(iteration: 3, rank: 5) == jitter.factor(iteration: 3, rank: 5))
    #expect(jitter.factor(iteration: 3, rank: 5) != jitter.factor(iteration: 5, rank: 3))
    let factors = (0..<4000).map { jitter.factor(iteration: $0 / 100, rank: $0 % 100) }
    let mean = factors.reduce(0, +) / 4000
    let deviation = (factors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000).squareRoot()
    #expect(abs(mean - 1) < 0.002 && abs(deviation - 0.02) < 0.002)
  }

  @Test func `A loader that is slower than the network decides`() {
    var work = work
    work.loading = 1
    let result = simulate(work, net(), hosts: [0, 1], microBatches: 4)
    #expect(isClose(result.iteration, 2) && isClose(result.loading, 2 - 0.32 * 2 - 0.01 - 0.03))
    #expect(work.seconds(microBatches: 4) == 4)
  }

  @Test func `A thousand ranks are simulated in seconds`() {
    let buckets = (0..<14).reversed().map { $0 * 2_000_000..<($0 + 1) * 2_000_000 }
    let start = ContinuousClock.now
    let order = SummationOrder(count: 1024)
    let result = TrainingSimulation(
      work, net(bandwidth: 1.25e9, latency: 3e-5),
      plan: SumPlan(hosts: (0..<1024).map { $0 / 8 }, order: order, wire: .float32), order: order, buckets: buckets
    ).run()
    #expect(result.iteration > 0.35)
    #expect(ContinuousClock.now - start < .seconds(30))
  }
}
