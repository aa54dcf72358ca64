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
