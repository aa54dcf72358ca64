import Threads

/// What this process is doing and since when: written by whoever works, read by the watchdog.
package final class PhaseBoard: Sendable {
  /// What the board says at an instant.
  package struct Reading: Sendable, Equatable {
    /// "loading 000012.jpg", "exchange of bucket 3 of 14".
    package var phase: String
    /// Seconds since the phase was entered.
    package var secondsInPhase: Double
    /// Seconds since anything was finished.
    package var secondsWithoutProgress: Double
    /// Whether the process waits for other ranks, and so cannot be what holds the job up.
    package var waitsForOthers: Bool

    package init(
      phase: String, secondsInPhase: Double, secondsWithoutProgress: Double, waitsForOthers: Bool
    ) {
      self.phase = phase
      self.secondsInPhase = secondsInPhase
      self.secondsWithoutProgress = secondsWithoutProgress
      self.waitsForOthers = waitsForOthers
    }
  }

  private struct State {
    var phase = "start"
    var detail: (@Sendable () -> String)?
    var waitsForOthers = false
    var entered = ContinuousClock.now
    var progressed = ContinuousClock.now
  }

  private let state = Monitor(State())

  /// Creates a board in the phase "start".
  package init() {}

  /// Notes that one thing is finished and another begins.
  ///
  /// - Parameters:
  ///   - waitsForOthers: whether the phase ends when other ranks have done something.
  ///   - detail: what to add to `phase` in a report; called from another thread.
  package func enter(_ phase: String, waitsForOthers: Bool = false, detail: (@Sendable () -> String)? = nil) {
    state.withLock {
      let now = ContinuousClock.now
      $0 = State(phase: phase, detail: detail, waitsForOthers: waitsForOthers, entered: now, progressed: now)
    }
  }

  /// Notes that a part of the phase is finished.
  package func progress() {
    state.withLock { $0.progressed = .now }
  }

  /// Notes that nothing could be done for so long, because the process did not run: that time does not count.
  package func forgive(_ suspension: Duration) {
    state.withLock {
      let now = ContinuousClock.now
      $0.entered = min(now, $0.entered + suspension)
      $0.progressed = min(now, $0.progressed + suspension)
    }
  }

  /// What the board says now.
  package func read() -> Reading {
    let state = state.withLock { $0 }
    let now = ContinuousClock.now
    return Reading(
      phase: [state.phase, state.detail?() ?? ""].filter { !$0.isEmpty }.joined(separator: " "),
      secondsInPhase: (now - state.entered) / .seconds(1),
      secondsWithoutProgress: (now - state.progressed) / .seconds(1), waitsForOthers: state.waitsForOthers)
  }
}
