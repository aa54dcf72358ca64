import Configuration
import Testing

struct LearningRateScheduleTests {
  private let schedule = LearningRateSchedule(
    base: 0.001, decay: .steps(milestones: [80, 100], factor: 0.1), warmupIterations: 10, warmupFactor: 0.1)

  @Test func `Warm-up starts at its factor and ends at the base rate`() {
    #expect(schedule.rate(afterIterations: 0) == 0.0001)
    #expect(schedule.rate(afterIterations: 5) == 0.00055)
    #expect(schedule.rate(afterIterations: 9) < 0.001)
    #expect(schedule.rate(afterIterations: 10) == 0.001)
    let steps = (0..<10).map { schedule.rate(afterIterations: $0 + 1) - schedule.rate(afterIterations: $0) }
    // Rates are below 2⁻⁹, so each is rounded by at most 2⁻³⁴ and a difference of two of them by twice that.
    #expect(steps.allSatisfy { abs($0 - 0.00009) <= 0x1p-32 })
  }

  @Test func `The rate drops at the step that follows a milestone`() {
    #expect(schedule.rate(afterIterations: 79) == 0.001)
    #expect(schedule.rate(afterIterations: 80) == 0.0001)
    #expect(schedule.rate(afterIterations: 99) == schedule.rate(afterIterations: 80))
    #expect(schedule.rate(afterIterations: 100) == 0.00001)
    #expect(schedule.rate(afterIterations: 1_000_000) == schedule.rate(afterIterations: 100))
  }

  @Test func `Without warm-up the first step has the base rate`() {
    let plain = LearningRateSchedule(
      base: 0.5, decay: .steps(milestones: [], factor: 0.1), warmupIterations: 0, warmupFactor: 0.1)
    #expect(plain.rate(afterIterations: 0) == 0.5)
    #expect(plain.rate(afterIterations: 12345) == 0.5)
  }

  @Test func `A milestone inside the warm-up applies to it`() {
    let early = LearningRateSchedule(
      base: 1, decay: .steps(milestones: [2], factor: 0.5), warmupIterations: 4, warmupFactor: 0.5)
    #expect((0...4).map { early.rate(afterIterations: $0) } == [0.5, 0.625, 0.375, 0.4375, 0.5])
  }

  @Test func `A cosine falls from the base rate behind the warm-up to nothing at the end`() {
    let cosine = LearningRateSchedule(
      base: 0.01, decay: .cosine(iterations: 110), warmupIterations: 10, warmupFactor: 0.1)
    #expect(cosine.rate(afterIterations: 0) == 0.001)
    #expect(cosine.rate(afterIterations: 10) == 0.01)
    // A quarter, a half and three quarters of the way: (1 + cos(π · share)) / 2.
    for (iteration, share) in [(35, 0.853_553_390_593), (60, 0.5), (85, 0.146_446_609_407)] {
      #expect(abs(Double(cosine.rate(afterIterations: iteration)) - 0.01 * share) < 1e-9)
    }
    let rates = (10...110).map { cosine.rate(afterIterations: $0) }
    #expect(zip(rates, rates.dropFirst()).allSatisfy(>) && rates[100] == 0 && cosine.rate(afterIterations: 999) == 0)
  }

  @Test func `Milestones may be fractions of the run, by default two thirds and five sixths`() throws {
    let plan = try Configuration(yaml: "version: 1", name: "a.yaml").training.schedule
    #expect(plan.schedule(iterations: 300).decay == .steps(milestones: [200, 250], factor: 0.1))
    let other = try Configuration(
      yaml: "version: 1\ntraining: {epochs: 2.5, global_batch: 8, schedule: {milestones: [0.5, 0.75]}}", name: "a.yaml")
    #expect(other.training.length == .epochs(2.5) && other.iterations(images: 30) == 10)
    #expect(other.training.schedule.schedule(iterations: 10).decay == .steps(milestones: [5, 8], factor: 0.1))
  }

  /// The last pass is completed; a tenth of 30 images is no more than three.
  @Test(arguments: [(1.0, 17, 5), (1, 16, 4), (0.1, 30, 1), (0.1, 40, 1), (0.1, 41, 2), (1e-9, 5, 1), (3, 4, 3)])
  func `Epochs are as many iterations as it takes`(epochs: Double, images: Int, iterations: Int) {
    #expect(RunLength.epochs(epochs).iterations(images: images, globalBatch: 4) == iterations)
  }
}
