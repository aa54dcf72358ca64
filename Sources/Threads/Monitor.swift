import Foundation

/// State that threads share: one at a time changes it, and others wait until it is as they need it.
///
/// It stands for `Synchronization.Mutex` too, whose waiters the kernel wakes on Linux: ThreadSanitizer does not see that, and reports races
/// that are none.
package final class Monitor<State>: @unchecked Sendable {
  private let condition = NSCondition()
  private var state: State

  /// Guards a state.
  package init(_ state: State) {
    self.state = state
  }

  /// Reads or changes the state; all who wait look at it again.
  package func withLock<Result, Failure>(_ body: (inout State) throws(Failure) -> Result) throws(Failure) -> Result {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return try body(&state)
  }

  /// Waits until `ready` has a result, which may change the state; it is asked at once, and after every change.
  package func wait<Result>(_ ready: (inout State) -> Result?) -> Result {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    while true {
      if let result = ready(&state) { return result }
      condition.wait()
    }
  }

  /// Waits until `ready` has a result, at most until `deadline`; nil when it has none by then.
  package func wait<Result>(until deadline: Date, _ ready: (inout State) -> Result?) -> Result? {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    while true {
      if let result = ready(&state) { return result }
      if !condition.wait(until: deadline) { return ready(&state) }
    }
  }
}
