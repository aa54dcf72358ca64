/// The processes of a job, numbered 0 ..< ``worldSize``, and what they can say to each other.
///
/// All calls but ``abort(_:)`` and ``start(_:)`` are collective: every rank makes the same calls in the same order. One call at a time: a
/// communicator belongs to the thread that is using it, and the threads of a process take turns. Errors name the call, the rank
/// and the library's reason.
package protocol Communicator: AnyObject, Sendable {
  /// This process.
  var rank: Int { get }
  /// All processes.
  var worldSize: Int { get }

  /// Copies the bytes of `root` to all ranks; the count is the same everywhere.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(MessagePassingError)

  /// Collects equally many bytes of every rank, in rank order, at all ranks.
  ///
  /// - Precondition: `all` has ``worldSize`` times as many bytes as `own`.
  func allGather(_ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) throws(MessagePassingError)

  /// Collects any number of bytes of every rank, in rank order, at rank 0; other ranks get nothing.
  func gather(_ own: [UInt8]) throws(MessagePassingError) -> [[UInt8]]

  /// Sends part j of `own` to rank j: at rank r, `received` is part r of rank 0, part r of rank 1, ….
  ///
  /// - Parameters:
  ///   - parts: one range for each rank.
  ///   - senders: the ranks that send, in order; only their parts are in `received`.
  /// - Precondition: `received` has room for the own part of every sender.
  func exchange<Element: WireElement>(
    _ own: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>], senders: [Int],
    received: UnsafeMutableBufferPointer<Element>
  ) throws(MessagePassingError)

  /// Sends the own part of `values` to all ranks and receives theirs.
  func allGather<Element: WireElement>(
    _ values: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>]
  ) throws(MessagePassingError)

  /// Starts messages to and from single ranks, the first ones first. Not collective: what one rank sends another receives, in as many
  /// messages of the same sizes.
  func start(_ messages: [Message]) throws(MessagePassingError) -> any MessagesUnderWay

  /// Adds `values` over all ranks, in an order the library chooses.
  func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(MessagePassingError)

  /// A second communicator of the same ranks, so that messages of one purpose never meet those of another.
  func duplicate() throws(MessagePassingError) -> any Communicator

  /// Ends all processes of the job with an exit code.
  func abort(_ code: Int32) -> Never

  /// Finalizes MPI. No call may follow.
  func finish() throws(MessagePassingError)
}

/// Numbers that go over the wire in bulk.
package protocol WireElement: BitwiseCopyable {}
extension Float: WireElement {}
extension UInt16: WireElement {}

extension Communicator {
  /// Whether this is the rank that reads the configuration, writes files and reports.
  package var isRoot: Bool { rank == 0 }

  /// Text of rank 0, at all ranks.
  package func broadcast(_ text: String) throws(MessagePassingError) -> String {
    var count = text.utf8.count
    try broadcast(&count, from: 0)
    var bytes = isRoot ? Array(text.utf8) : [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBufferPointer { (bytes) throws(MessagePassingError) in
      try broadcast(UnsafeMutableRawBufferPointer(bytes), from: 0)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A value of rank `root`, at all ranks.
  package func broadcast<Value: BitwiseCopyable>(_ value: inout Value, from root: Int) throws(MessagePassingError) {
    try withUnsafeMutableBytes(of: &value) { (bytes) throws(MessagePassingError) in try broadcast(bytes, from: root) }
  }

  /// A value of every rank, in rank order, at all ranks.
  package func allGather<Value: BitwiseCopyable>(_ value: Value) throws(MessagePassingError) -> [Value] {
    try allGather([value])
  }

  /// Equally many values of every rank, in rank order, at all ranks.
  package func allGather<Value: BitwiseCopyable>(_ values: [Value]) throws(MessagePassingError) -> [Value] {
    guard let first = values.first else { return [] }
    var all = [Value](repeating: first, count: worldSize * values.count)
    try values.withUnsafeBufferPointer { (own) throws(MessagePassingError) in
      try all.withUnsafeMutableBufferPointer { (all) throws(MessagePassingError) in
        try allGather(UnsafeRawBufferPointer(own), into: UnsafeMutableRawBufferPointer(all))
      }
    }
    return all
  }

  /// A text of every rank, in rank order, at all ranks.
  package func allGather(_ text: String) throws(MessagePassingError) -> [String] {
    let counts = try allGather(text.utf8.count)
    let longest = counts.max() ?? 0
    let padded = Array(text.utf8) + [UInt8](repeating: 0, count: longest - text.utf8.count)
    let all = try allGather(padded)
    return counts.enumerated().map { rank, count in
      String(decoding: all[rank * longest..<rank * longest + count], as: UTF8.self)
    }
  }

  /// Returns when all ranks are here.
  package func barrier() throws(MessagePassingError) {
    _ = try allGather(UInt8(0))
  }
}
