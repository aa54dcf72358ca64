import Foundation

/// A job of one process: what every collective means when nobody else is there.
package final class SingleProcessCommunicator: Communicator {
  /// Creates the communicator.
  package init() {}

  /// Always 0.
  package var rank: Int { 0 }
  /// Always 1.
  package var worldSize: Int { 1 }

  /// The bytes are those of rank 0 already.
  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}

  /// Copies.
  package func allGather(_ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) {
    all.copyMemory(from: own)
  }

  /// The own bytes are all there are.
  package func gather(_ own: [UInt8]) -> [[UInt8]] { [own] }

  /// Copies.
  package func exchange<Element: WireElement>(
    _ own: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>], senders: [Int],
    received: UnsafeMutableBufferPointer<Element>
  ) {
    guard senders == [0] else { return }
    _ = received.update(fromContentsOf: UnsafeMutableBufferPointer(rebasing: own[parts[0]]))
  }

  /// All parts are the own.
  package func allGather<Element: WireElement>(_ values: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>]) {}

  /// There is nobody to send to.
  package func start(_ messages: [Message]) -> any MessagesUnderWay {
    preconditionFailure("\(messages.count) messages in a job of one process")
  }

  /// The sum of one.
  package func sum(_ values: UnsafeMutableBufferPointer<Float>) {}

  /// The same.
  package func duplicate() -> any Communicator { SingleProcessCommunicator() }

  /// Ends the process at once: clean-up at exit would take from threads that still work what they use.
  package func abort(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
  }

  /// Does nothing: there is no MPI to finalize.
  package func finish() {}
}
