import Loading
import Testing

@Suite struct SampleScheduleTests {
  @Test(arguments: [(7, 4), (10, 5), (3, 8), (1, 2)])
  func `every epoch holds every image once, also across the borders of batches`(count: Int, globalBatch: Int) {
    var schedule = SampleSchedule(seed: 11, count: count, globalBatch: globalBatch)
    let epochs = 6
    let iterations = (epochs * count + globalBatch - 1) / globalBatch
    let samples = (0..<iterations).flatMap { schedule.samples(iteration: $0) }
    #expect(samples.map(\.position) == Array(0..<iterations * globalBatch))
    for epoch in 0..<epochs {
      let ofEpoch = samples[epoch * count..<(epoch + 1) * count]
      #expect(ofEpoch.allSatisfy { $0.epoch == epoch })
      #expect(ofEpoch.map(\.imageIndex).sorted() == Array(0..<count))
      #expect(ofEpoch.map(\.imageIndex) == schedule.order(epoch: epoch))
    }
  }

  @Test func `a place has the same sample whatever was asked before`() {
    var forward = SampleSchedule(seed: 5, count: 13, globalBatch: 8)
    let expected = (0..<100).map { forward.sample(at: $0) }
    var backward = SampleSchedule(seed: 5, count: 13, globalBatch: 8)
    #expect((0..<100).reversed().map { backward.sample(at: $0) } == expected.reversed())
  }

  @Test func `order depends on seed and epoch but not on the batch`() {
    let schedule = SampleSchedule(seed: 5, count: 50, globalBatch: 8)
    #expect(schedule.order(epoch: 0) != schedule.order(epoch: 1))
    #expect(schedule.order(epoch: 0) != SampleSchedule(seed: 6, count: 50, globalBatch: 8).order(epoch: 0))
    #expect(schedule.order(epoch: 3) == SampleSchedule(seed: 5, count: 50, globalBatch: 4).order(epoch: 3))
  }
}
