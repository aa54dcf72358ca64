import Measurement
import Tensors
import Testing

/// Tasks of known lengths, and what threads make of them, by hand.
@Suite struct ThreadPartitionTests {
  private func loop(_ tasks: [Double], owner: String? = nil) -> LoopRecorder.Loop {
    LoopRecorder.Loop(owner: owner, seconds: tasks.reduce(0, +), tasks: tasks)
  }

  private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }

  @Test(arguments: [
    // The longest task comes last, after two, one, one and no other of its thread.
    (threads: 1, seconds: 10.0), (2, 8), (3, 7), (4, 7), (5, 6), (128, 6),
  ])
  func `Tasks go in order to the thread that is free first`(threads: Int, seconds: Double) {
    // And one second that is in no loop, and one in a loop of one task.
    let partition = ThreadPartition(loops: [loop([1, 1, 1, 1, 6]), loop([1])], seconds: 12, meetingSeconds: 0)
    let forecast = partition.forecast(threads: threads)
    let (length, all) = (seconds + 2, Double(threads) * (seconds + 2))
    #expect(forecast.threads == threads && isClose(forecast.seconds, length), "\(forecast)")
    #expect(isClose(forecast.busy, 12 / all) && isClose(forecast.alone, Double(threads - 1) / all), "\(forecast)")
    #expect(isClose(forecast.uneven, (Double(threads) * (seconds + 1) - 11) / all) && forecast.meeting == 0)
    #expect(isClose(forecast.busy + forecast.alone + forecast.uneven + forecast.meeting, 1))
  }

  @Test func `Loops of several tasks are met at by all threads`() {
    let partition = ThreadPartition(
      loops: [loop([1, 1]), loop([1]), loop([])], seconds: 3, meetingSeconds: 0.25)
    #expect(isClose(partition.forecast(threads: 1).seconds, 3))
    let forecast = partition.forecast(threads: 3)
    #expect(isClose(forecast.seconds, 1 + 0.5 + 1), "\(forecast)")
    #expect(isClose(forecast.meeting, 0.2) && isClose(forecast.busy, 0.4), "\(forecast)")
  }

  @Test func `Layers that leave threads waiting come first`() {
    let loops = [
      loop([1, 1, 1, 1], owner: "even"), loop([2], owner: "alone"), loop([1, 1, 1], owner: "uneven"), loop([5]),
      loop([1, 1], owner: "alone"),
    ]
    let partition = ThreadPartition(loops: loops, seconds: 16, meetingSeconds: 0)
    #expect(
      partition.mostLost(5, threads: 4) == [
        .init(name: "alone", tasks: 1, lostSeconds: 8), .init(name: "uneven", tasks: 3, lostSeconds: 1),
        .init(name: "even", tasks: 4, lostSeconds: 0),
      ])
    #expect(partition.mostLost(1, threads: 4).map(\.name) == ["alone"])
  }

  @Test(arguments: [1, 3])
  func `A step's loops are taken down, and its pool left as it was`(threads: Int) throws {
    let pool = ThreadPool(threadCount: threads)
    let partition = ThreadPartition.measure(pool) {
      pool.recorder?.owner = "one"
      pool.forEach(7) { _, _ in }
      pool.recorder?.owner = nil
      pool.forEachRange(10, grain: 4) { _, _ in }
      return 1
    }
    #expect(pool.recorder == nil)
    #expect(partition.mostLost(9, threads: 1).map(\.name) == ["one"])
    #expect(partition.mostLost(9, threads: 1).map(\.tasks) == [7])
    #expect(partition.meetingSeconds > 0)
    // Nearly all of the second is in no loop.
    #expect(partition.forecast(threads: 1).seconds > 0.9 && partition.forecast(threads: 64).busy < 0.1)
  }
}
