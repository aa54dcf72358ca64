import Testing
import Training

struct LearningRateScheduleTests {
  private let schedule = LearningRateSchedule(
    base: 0.001, milestones: [80, 100], factor: 0.1, warmupIterations: 10, warmupFactor: 0.1)

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
    let plain = LearningRateSchedule(base: 0.5, milestones: [], factor: 0.1, warmupIterations: 0, warmupFactor: 0.1)
    #expect(plain.rate(afterIterations: 0) == 0.5)
    #expect(plain.rate(afterIterations: 12345) == 0.5)
  }

  @Test func `A milestone inside the warm-up applies to it`() {
    let early = LearningRateSchedule(base: 1, milestones: [2], factor: 0.5, warmupIterations: 4, warmupFactor: 0.5)
    #expect((0...4).map { early.rate(afterIterations: $0) } == [0.5, 0.625, 0.375, 0.4375, 0.5])
  }
}
