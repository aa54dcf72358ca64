import Foundation

/// What messages and sums cost: the links inside and between machines, and the thread of a rank that serves them.
package struct Interconnect: Sendable, Equatable {
  /// A kind of connection.
  package struct Link: Sendable, Equatable {
    /// Seconds from the end of a message at the sender to its end at the receiver.
    package var latency: Double
    /// Bytes a second, each way. Between machines all ranks of a machine share them; inside, each rank has them for what it sends.
    package var bandwidth: Double
    /// Seconds of a rank's thread for a message that it sends and one that it receives.
    package var messageSeconds: Double

    package init(latency: Double, bandwidth: Double, messageSeconds: Double) {
      (self.latency, self.bandwidth, self.messageSeconds) = (latency, bandwidth, messageSeconds)
    }

    /// Nothing takes any time.
    package static let instant = Link(latency: 0, bandwidth: .infinity, messageSeconds: 0)
  }

  /// Between ranks of one machine.
  package var inside: Link
  /// Between machines.
  package var between: Link
  /// Seconds in which a rank's thread adds a number to another.
  package var additionSeconds: Double
  /// See ``Polling``.
  package var polling: Polling

  package init(inside: Link, between: Link, additionSeconds: Double, polling: Polling = .pauses) {
    (self.inside, self.between) = (inside, between)
    (self.additionSeconds, self.polling) = (additionSeconds, polling)
  }
}

/// How much later a thread that waits for messages sees them, because it pauses between two looks (`PollingPause`).
package enum Polling: Sendable, Equatable {
  /// It looks all the time.
  case none
  /// It looks all the time at first, then after longer and longer pauses.
  case pauses

  /// Looks without a pause, in seconds.
  private static let eager = 50e-6
  /// The first pause and what each later one is longer.
  private static let shortest = 10e-6
  private static let longest = 100e-6
  /// What Linux adds to a pause.
  private static let slack = 55e-6

  /// The mean delay of what comes after so many seconds without anything.
  func delay(after wait: Double) -> Double {
    guard self == .pauses, wait > Self.eager else { return 0 }
    var (end, pause) = (Self.eager, Self.shortest)
    while end + pause + Self.slack < wait, pause < Self.longest {
      end += pause + Self.slack
      pause += Self.shortest
    }
    return (min(pause, Self.longest) + Self.slack) / 2
  }
}
