import Foundation

/// Pauses between two looks at whether something has come: none at first, then longer and longer ones, so that waiting holds no processor.
///
/// Open MPI moves messages only inside its calls, so the longest pause is also the longest time that arrived data wait.
package struct PollingPause {
  private var end: UInt64?
  private var pauses: UInt32 = 0

  /// Looks without a pause, in nanoseconds: what a message that is on its way takes on one machine.
  private static let eager: UInt64 = 50_000
  /// Microseconds.
  private static let longest: UInt32 = 100

  package init() {}

  /// Something has come.
  package mutating func reset() { (end, pauses) = (nil, 0) }

  /// Waits before the next look.
  package mutating func wait() {
    let now = nanoseconds()
    guard let end else { return end = now + Self.eager }
    guard now > end else { return }
    pauses += 1
    usleep(min(Self.longest, 10 * pauses))
  }

  private func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
