import Glibc
import Kernels
import Synchronization

/// The threads of one process that share a loop.
///
/// Every loop body must compute the same result whatever thread runs it, and sums must never be split by the number of
/// threads: results are then independent of it, bit for bit. Denormals are flushed to zero in every thread, the calling one
/// included while it works.
///
/// One loop runs at a time: a loop within a loop of the same pool ends the process.
package final class ThreadPool {
  /// Threads that share a loop, the calling one included.
  package let threadCount: Int
  /// Takes down the tasks of all loops; set between two of them.
  package var recorder: LoopRecorder?
  private let crew: WorkerCrew
  private let isBusy = Atomic<Bool>(false)

  /// Starts `threadCount − 1` threads.
  ///
  /// - Precondition: `threadCount` is positive.
  package init(threadCount: Int) {
    precondition(threadCount > 0, "a pool of \(threadCount) threads")
    self.threadCount = threadCount
    crew = WorkerCrew(workers: threadCount - 1)
  }

  deinit { crew.stop() }

  /// The processors this process may run on (its affinity mask), which is the natural thread count.
  package static var availableProcessors: Int { Processor.available }

  /// Makes the calling thread compute as the pool's do: denormals are zero.
  package static func flushDenormals() { Processor.flushDenormals() }

  /// Calls `body(index, worker)` once for every index in 0 ..< count and returns when all have finished. Each thread begins with its own part
  /// of the indices, the same in every loop of so many, and helps the others when it is done. `worker` is in 0 ..< threadCount and names
  /// scratch memory that no other call uses at the same time.
  ///
  /// - Precondition: no other loop of this pool is running.
  package func forEach(_ count: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
    precondition(!isBusy.exchange(true, ordering: .acquiring), "a loop within a loop of the same pool of threads")
    defer { isBusy.store(false, ordering: .releasing) }
    let previous = Processor.flushDenormals()
    defer { Processor.restoreDenormals(previous) }
    guard let recorder else { return share(count, body) }
    let start = ContinuousClock.now
    let tasks = [Double](unsafeUninitializedCapacity: count) { seconds, initializedCount in
      // Each element is written by the thread that has its task.
      let first = seconds.baseAddress
      share(count) { index, worker in
        let begin = LoopRecorder.threadSeconds
        body(index, worker)
        (first! + index).initialize(to: LoopRecorder.threadSeconds - begin)
      }
      initializedCount = count
    }
    recorder.append(seconds: (ContinuousClock.now - start) / .seconds(1), tasks: tasks)
  }

  private func share(_ count: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
    if threadCount > 1, count > 1 {
      withoutActuallyEscaping(body) { crew.share(count, $0) }
    } else {
      for index in 0..<count { body(index, 0) }
    }
  }

  /// Splits 0 ..< count into pieces of at most `grain` elements and calls `body(range, worker)` for each.
  package func forEachRange(_ count: Int, grain: Int, _ body: (_ range: Range<Int>, _ worker: Int) -> Void) {
    forEach((count + grain - 1) / grain) { piece, worker in
      body(piece * grain..<min((piece + 1) * grain, count), worker)
    }
  }

  /// The results of `transform(element, worker)`, in the order of the elements.
  package func map<Element, Result>(
    _ elements: [Element], _ transform: (_ element: Element, _ worker: Int) -> Result
  ) -> [Result] {
    [Result](unsafeUninitializedCapacity: elements.count) { results, count in
      let start = results.baseAddress
      forEach(elements.count) { index, worker in
        (start! + index).initialize(to: transform(elements[index], worker))
      }
      count = elements.count
    }
  }
}

/// The waiting threads behind a ``ThreadPool``. A thread keeps the crew alive, not the pool.
///
/// A lock and a condition of its own, not a `Monitor`: threads poll before they sleep, between two layers some microseconds pass, and who
/// leaves a monitor wakes all who wait there.
private final class WorkerCrew: @unchecked Sendable {
  typealias Body = (_ index: Int, _ worker: Int) -> Void

  // Written under the lock, before `generation` moves.
  private var body: Body?
  private var count = 0
  private var isStopping = false

  private let generation = Atomic<Int>(0)
  /// For each thread, the next index of its share of the loop; a cache line apart.
  private let nextIndices: UnsafeMutablePointer<Atomic<Int>>
  private static let indexStride = 8
  private let threadCount: Int
  private let busyWorkers = Atomic<Int>(0)
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let started = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var threads: [pthread_t] = []

  /// Polls before a waiting thread sleeps: some 50 µs, more than passes between two layers.
  private static let pollLimit = 2_000

  init(workers: Int) {
    threadCount = workers + 1
    nextIndices = .allocate(capacity: threadCount * Self.indexStride)
    for index in 0..<threadCount * Self.indexStride { (nextIndices + index).initialize(to: Atomic(0)) }
    pthread_mutex_init(lock, nil)
    pthread_cond_init(started, nil)
    for worker in 0..<workers {
      var thread = pthread_t()
      let duty = Unmanaged.passRetained(Duty(crew: self, worker: worker + 1))
      let status = pthread_create(
        &thread, nil,
        { argument in
          let duty = Unmanaged<Duty>.fromOpaque(argument!).takeRetainedValue()
          duty.crew.work(as: duty.worker)
          return nil
        }, duty.toOpaque())
      guard status == 0 else { fatalError("cannot start thread \(worker + 1): \(String(cString: strerror(status)))") }
      threads.append(thread)
    }
  }

  /// What a new thread is told.
  private final class Duty {
    let crew: WorkerCrew
    let worker: Int

    init(crew: WorkerCrew, worker: Int) {
      self.crew = crew
      self.worker = worker
    }
  }

  deinit {
    pthread_cond_destroy(started)
    pthread_mutex_destroy(lock)
    started.deallocate()
    lock.deallocate()
    nextIndices.deinitialize(count: threadCount * Self.indexStride)
    nextIndices.deallocate()
  }

  func stop() {
    announce { isStopping = true }
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Runs a loop on all threads, the calling one as worker 0.
  func share(_ count: Int, _ body: @escaping Body) {
    announce {
      self.body = body
      self.count = count
      for thread in 0..<threadCount {
        nextIndices[thread * Self.indexStride].store(count * thread / threadCount, ordering: .relaxed)
      }
      busyWorkers.store(threads.count, ordering: .relaxed)
    }
    claim(count, body, worker: 0)
    var polls = 0
    while busyWorkers.load(ordering: .acquiring) > 0 {
      polls += 1
      if polls < Self.pollLimit { Processor.pause() } else { sched_yield() }
    }
    self.body = nil
  }

  private func announce(_ change: () -> Void) {
    pthread_mutex_lock(lock)
    change()
    generation.add(1, ordering: .releasing)
    pthread_cond_broadcast(started)
    pthread_mutex_unlock(lock)
  }

  /// What a thread has written in one loop it finds in its own caches in the next one.
  private func claim(_ count: Int, _ body: Body, worker: Int) {
    for offset in 0..<threadCount {
      let owner = (worker + offset) % threadCount
      let end = count * (owner + 1) / threadCount
      while true {
        let index = nextIndices[owner * Self.indexStride].add(1, ordering: .relaxed).oldValue
        if index >= end { break }
        body(index, worker)
      }
    }
  }

  private func work(as worker: Int) {
    Processor.flushDenormals()
    var seen = 0
    while true {
      var polls = 0
      while generation.load(ordering: .acquiring) == seen && polls < Self.pollLimit {
        polls += 1
        Processor.pause()
      }
      guard joinLoop(after: &seen, as: worker) else { return }
      // Only now, when this thread holds no reference to the body any more, may share(_:_:) return.
      busyWorkers.subtract(1, ordering: .releasing)
    }
  }

  /// Waits for a loop that is newer than `seen` and works on it; false when the crew stops instead.
  @inline(never)
  private func joinLoop(after seen: inout Int, as worker: Int) -> Bool {
    pthread_mutex_lock(lock)
    while generation.load(ordering: .acquiring) == seen { pthread_cond_wait(started, lock) }
    seen = generation.load(ordering: .acquiring)
    let (body, count, isStopping) = (body, count, isStopping)
    pthread_mutex_unlock(lock)
    if isStopping { return false }
    if let body { claim(count, body, worker: worker) }
    return true
  }
}
