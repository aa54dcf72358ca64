import MessagePassing

/// Three ranks, of which this is rank 0 and the others say what a script makes of the own words.
final class ScriptedCommunicator: Communicator, @unchecked Sendable {
  private let other: (_ rank: Int, _ bytes: UnsafeMutableRawBufferPointer) -> Void

  /// `other` changes a copy of what rank 0 says to what a rank says.
  init(_ other: @escaping (_ rank: Int, _ bytes: UnsafeMutableRawBufferPointer) -> Void) {
    self.other = other
  }

  let rank = 0
  let worldSize = 3

  func allGather(_ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) {
    for rank in 0..<worldSize {
      let part = UnsafeMutableRawBufferPointer(rebasing: all[rank * own.count..<(rank + 1) * own.count])
      part.copyMemory(from: own)
      if rank > 0 { other(rank, part) }
    }
  }

  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}
  func gather(_ own: [UInt8], to root: Int) -> [[UInt8]] { fatalError("not in the script") }
  func exchange<Element: WireElement>(
    _ own: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>], senders: [Int],
    received: UnsafeMutableBufferPointer<Element>
  ) { fatalError("not in the script") }
  func allGather<Element: WireElement>(_ values: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>]) {
    fatalError("not in the script")
  }
  func sum(_ values: UnsafeMutableBufferPointer<Float>) { fatalError("not in the script") }
  func duplicate() -> any Communicator { self }
  func abort(_ code: Int32) -> Never { fatalError("not in the script") }
  func finish() {}
}
