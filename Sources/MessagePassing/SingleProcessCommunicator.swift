import Foundation

/// A job of one process: what every collective means when nobody else is there.
public final class SingleProcessCommunicator: Communicator {
  /// Creates the communicator.
  public init() {}

  /// Always 0.
  public var rank: Int { 0 }
  /// Always 1.
  public var worldSize: Int { 1 }

  /// The bytes are those of rank 0 already.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}

  /// Copies.
  public func allGather(_ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) {
    all.copyMemory(from: own)
  }

  /// The own bytes are all there are.
  public func gather(_ own: [UInt8], to root: Int) -> [[UInt8]] { [own] }

  /// Copies.
  public func exchange<Element: WireElement>(
    _ own: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>], senders: [Int],
    received: UnsafeMutableBufferPointer<Element>
  ) {
    guard senders == [0] else { return }
    _ = received.update(fromContentsOf: UnsafeMutableBufferPointer(rebasing: own[parts[0]]))
  }

  /// All parts are the own.
  public func allGather<Element: WireElement>(_ values: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>]) {}

  /// The sum of one.
  public func sum(_ values: UnsafeMutableBufferPointer<Float>) {}

  /// The same.
  public func duplicate() -> any Communicator { SingleProcessCommunicator() }

  /// Ends the process at once: clean-up at exit would take from threads that still work what they use.
  public func abort(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
  }

  /// Nothing to take leave of.
  public func finish() {}
}
