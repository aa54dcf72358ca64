import Glibc
import Synchronization
import Tensors
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 5])
  func everyIndexRunsOnceAndWorkersAreExclusive(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    for count in [0, 1, 2, 7, 1000] {
      let visits = UnsafeMutableBufferPointer<Int>.allocate(capacity: max(count, 1))
      visits.initialize(repeating: 0)
      let busy = UnsafeMutableBufferPointer<Int>.allocate(capacity: threads)
      busy.initialize(repeating: 0)
      defer {
        visits.deallocate()
        busy.deallocate()
      }
      pool.forEach(count) { index, worker in
        busy[worker] += 1
        #expect(busy[worker] == 1)
        visits[index] += 1
        busy[worker] -= 1
      }
      let once = visits.prefix(count).allSatisfy { $0 == 1 }
      #expect(once)
    }
  }

  /// Tasks that all wait for each other, one for every thread, are not taken by any other.
  @Test func `A thread begins with its own part of a loop and helps the others when it is done`() {
    let pool = ThreadPool(threadCount: 3)
    for _ in 0..<20 {
      let arrived = Atomic<Int>(0)
      let workers = pool.map([0, 1, 2]) { _, worker in
        arrived.add(1, ordering: .relaxed)
        while arrived.load(ordering: .relaxed) < 3 { sched_yield() }
        return worker
      }
      #expect(workers == [0, 1, 2])
    }
    // The first of nine waits until all others are done, those that its thread would have had next as well. They wait until it has begun.
    let hasBegun = Atomic<Bool>(false)
    let done = Atomic<Int>(0)
    let workers = pool.map(Array(0..<9)) { index, worker in
      if index == 0 {
        hasBegun.store(true, ordering: .relaxed)
        while done.load(ordering: .relaxed) < 8 { sched_yield() }
      }
      while !hasBegun.load(ordering: .relaxed) { sched_yield() }
      done.add(1, ordering: .relaxed)
      return worker
    }
    #expect(workers[0] == 0 && !workers[1...].contains(0))
  }

  @Test(arguments: [1, 3])
  func `A recorder has every task of every loop, whose it was and how long it took`(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    let recorder = LoopRecorder()
    let visits = Atomic<Int>(0)
    pool.forEach(2) { _, _ in visits.add(1, ordering: .relaxed) }
    pool.recorder = recorder
    pool.forEach(0) { _, _ in visits.add(1, ordering: .relaxed) }
    recorder.owner = "a layer"
    pool.forEach(3) { index, _ in
      visits.add(1, ordering: .relaxed)
      // Waiting is no work.
      if index == 0 { usleep(50_000) }
      let begin = threadSeconds()
      while index == 1 && threadSeconds() - begin < 0.02 {}
    }
    pool.recorder = nil
    pool.forEach(5) { _, _ in visits.add(1, ordering: .relaxed) }
    #expect(visits.load(ordering: .relaxed) == 10)
    #expect(recorder.loops.map(\.tasks.count) == [0, 3] && recorder.loops.map(\.owner) == [nil, "a layer"])
    let long = recorder.loops[1]
    #expect(long.seconds >= 0.05 && long.tasks[0] < 0.04 && long.tasks[1] >= 0.02, "\(long)")
  }

  @Test func manyShortLoopsEnd() {
    let pool = ThreadPool(threadCount: 3)
    let sum = Atomic<Int>(0)
    for _ in 0..<20_000 { pool.forEach(3) { index, _ in sum.add(index, ordering: .relaxed) } }
    #expect(sum.load(ordering: .relaxed) == 60_000)
  }

  @Test func poolsComeAndGo() {
    for _ in 0..<50 { ThreadPool(threadCount: 4).forEach(1) { _, _ in } }
  }

  @Test func `A loop of one pool may run loops of another`() {
    let outer = ThreadPool(threadCount: 2)
    let inner = (0..<2).map { _ in ThreadPool(threadCount: 2) }
    let sum = Atomic<Int>(0)
    for _ in 0..<100 {
      outer.forEach(2) { index, worker in
        inner[worker].forEach(3) { place, _ in sum.add(place + index, ordering: .relaxed) }
      }
    }
    #expect(sum.load(ordering: .relaxed) == 100 * (3 + 6))
  }

  @Test func rangesCoverTheWhole() {
    let pool = ThreadPool(threadCount: 2)
    let covered = Atomic<Int>(0)
    pool.forEachRange(1001, grain: 64) { range, _ in
      #expect(range.count == 64 || range.upperBound == 1001)
      covered.add(range.count, ordering: .relaxed)
    }
    #expect(covered.load(ordering: .relaxed) == 1001)
  }
}

/// Seconds of a processor that the calling thread has had.
private func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
