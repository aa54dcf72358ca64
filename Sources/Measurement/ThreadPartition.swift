import Tensors

/// How evenly the tasks of a step occupy threads, for numbers of threads that this machine need not have.
///
/// The loops of a step are cut into the same tasks whatever the number of threads. Their measured times are given out in order to the thread that
/// is free first, as ``ThreadPool`` does. What is not counted: memory and caches that more threads share, and processors that become slower
/// when more of them are busy.
package struct ThreadPartition: Sendable {
  /// What becomes of a step with some threads. Shares are of the time of all threads; with ``busy`` they are 1.
  package struct Forecast: Sendable, Equatable {
    package let threads: Int
    /// Seconds of the step.
    package let seconds: Double
    /// Share of tasks, and of what one thread does between loops.
    package let busy: Double
    /// Share of waiting while one thread does what is in no loop.
    package let alone: Double
    /// Share of waiting for the last tasks of loops.
    package let uneven: Double
    /// Share of starting loops and meeting at their ends.
    package let meeting: Double
  }

  /// What the loops of one layer make of some threads.
  package struct Layer: Sendable, Equatable {
    /// The name.
    package let name: String
    /// Tasks of its loop that loses most.
    package let tasks: Int
    /// Seconds that threads together lose in its loops.
    package let lostSeconds: Double

    package init(name: String, tasks: Int, lostSeconds: Double) {
      (self.name, self.tasks, self.lostSeconds) = (name, tasks, lostSeconds)
    }
  }

  private let loops: [LoopRecorder.Loop]
  /// Seconds outside of loops.
  private let aloneSeconds: Double
  /// Seconds that one more thread makes a loop longer, however little there is to do.
  package let meetingSeconds: Double

  /// - Parameters:
  ///   - loops: all of a step.
  ///   - seconds: of the step, its loops included.
  ///   - meetingSeconds: that one more thread makes a loop longer.
  package init(loops: [LoopRecorder.Loop], seconds: Double, meetingSeconds: Double) {
    self.loops = loops
    self.meetingSeconds = meetingSeconds
    aloneSeconds = max(0, seconds - loops.reduce(0) { $0 + $1.seconds })
  }

  /// Numbers of threads that reports show.
  package static let threadCounts = [1, 2, 4, 8, 16, 32, 64, 128]

  /// Takes down the loops of one step.
  ///
  /// - Parameter run: computes it with the pool, and returns its seconds.
  package static func measure(_ pool: ThreadPool, _ run: () throws -> Double) rethrows -> ThreadPartition {
    let recorder = LoopRecorder()
    pool.recorder = recorder
    defer { pool.recorder = nil }
    let seconds = try run()
    return ThreadPartition(
      loops: recorder.loops, seconds: seconds, meetingSeconds: measureMeeting(threads: pool.threadCount))
  }

  /// What processors of one socket were seen to take.
  private static let usualMeetingSeconds = 1e-6
  /// Threads that take longer had to share processors, with each other or with other programs.
  private static let longestMeetingSeconds = 10e-6

  /// What a loop without work costs for each thread beyond the first; with one thread, what two take. What is usual where that cannot be
  /// measured: because there is one processor, or all are busy.
  private static func measureMeeting(threads: Int) -> Double {
    guard ThreadPool.availableProcessors > 1 else { return usualMeetingSeconds }
    let pool = ThreadPool(threadCount: max(2, threads))
    // The least of many: other programs only make it longer, and new threads begin on the same processor at times.
    let (loops, enough) = (20, ContinuousClock.now + .milliseconds(200))
    var least = Double.infinity
    while ContinuousClock.now < enough {
      let start = ContinuousClock.now
      for _ in 0..<loops { pool.forEach(pool.threadCount) { _, _ in } }
      least = min(least, (ContinuousClock.now - start) / .seconds(1))
    }
    let measured = least / Double(loops * (pool.threadCount - 1))
    return measured > longestMeetingSeconds ? usualMeetingSeconds : measured
  }

  /// The step with so many threads.
  package func forecast(threads: Int) -> Forecast {
    precondition(threads > 0, "\(threads) threads")
    let lengths = loops.map { Self.length($0.tasks, threads: threads) }
    let meetings = loops.reduce(0) { $0 + meeting($1, threads: threads) }
    let seconds = aloneSeconds + lengths.reduce(0, +) + meetings
    let work = loops.reduce(0) { $0 + $1.tasks.reduce(0, +) }
    let all = Double(threads) * seconds
    return Forecast(
      threads: threads, seconds: seconds, busy: (work + aloneSeconds) / all,
      alone: Double(threads - 1) * aloneSeconds / all,
      uneven: (Double(threads) * lengths.reduce(0, +) - work) / all, meeting: Double(threads) * meetings / all)
  }

  /// The layers that lose most time with so many threads, those that lose most first.
  package func mostLost(_ count: Int, threads: Int) -> [Layer] {
    let owned = Dictionary(grouping: loops.filter { $0.owner != nil }) { $0.owner! }
    let layers = owned.map { name, loops in
      let lost = loops.map { loop in
        let length = Self.length(loop.tasks, threads: threads) + meeting(loop, threads: threads)
        return (tasks: loop.tasks.count, seconds: Double(threads) * length - loop.tasks.reduce(0, +))
      }
      return Layer(
        name: name, tasks: lost.max { $0.seconds < $1.seconds }!.tasks,
        lostSeconds: lost.reduce(0) { $0 + $1.seconds })
    }
    return Array(layers.sorted { ($0.lostSeconds, $1.name) > ($1.lostSeconds, $0.name) }.prefix(count))
  }

  private func meeting(_ loop: LoopRecorder.Loop, threads: Int) -> Double {
    loop.tasks.count > 1 ? Double(threads - 1) * meetingSeconds : 0
  }

  /// Seconds until the last task is done, of tasks that go in order to the thread that is free first.
  private static func length(_ tasks: [Double], threads: Int) -> Double {
    var free = [Double](repeating: 0, count: min(threads, max(tasks.count, 1)))
    for task in tasks {
      let next = free.indices.min { free[$0] < free[$1] }!
      free[next] += task
    }
    return free.max()!
  }
}
