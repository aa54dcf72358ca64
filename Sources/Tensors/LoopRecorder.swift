import Glibc

/// Takes down how long every task of the loops of a ``ThreadPool`` takes. What a loop is cut into does not depend on the number of threads, so
/// what other numbers would make of it follows.
package final class LoopRecorder {
  /// One loop.
  package struct Loop: Sendable, Equatable {
    /// Whose it is: the name of a layer; nil outside of layers.
    package let owner: String?
    /// Seconds until the last task was done and all threads had left.
    package let seconds: Double
    /// Seconds of a processor for each task, in order: what other programs take away is not counted.
    package let tasks: [Double]

    package init(owner: String?, seconds: Double, tasks: [Double]) {
      (self.owner, self.seconds, self.tasks) = (owner, seconds, tasks)
    }
  }

  /// Whose loops come next.
  package var owner: String?
  /// All loops so far, in order.
  package private(set) var loops: [Loop] = []

  package init() {}

  /// Seconds of a processor that the calling thread has had.
  static var threadSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Adds what was taken down of a loop.
  func append(seconds: Double, tasks: [Double]) { loops.append(Loop(owner: owner, seconds: seconds, tasks: tasks)) }
}
