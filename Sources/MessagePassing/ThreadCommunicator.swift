import Foundation
import Threads

/// The ranks of a job as threads of one process: for tests, which have 64 ranks in milliseconds, and for whoever debugs what ranks do.
///
/// A collective is a meeting: every rank shows its memory, all read what they need, and none goes on before all have. Ranks that meet for
/// different calls, and ranks that are waited for after they have ended, are errors at all ranks.
package final class ThreadCommunicator: Communicator {
  /// This thread's rank.
  package let rank: Int
  private let meeting: Meeting

  private init(rank: Int, meeting: Meeting) {
    self.rank = rank
    self.meeting = meeting
  }

  /// All ranks.
  package var worldSize: Int { meeting.size }

  /// Runs `body` at every rank of a job and returns the results in rank order.
  ///
  /// - Throws: the error of the first rank that had one of its own, not one that told of another's.
  package static func run<Result: Sendable>(
    worldSize: Int, _ body: @escaping @Sendable (ThreadCommunicator) throws -> Result
  ) throws -> [Result] {
    precondition(worldSize > 0, "a job of \(worldSize) ranks")
    let meeting = Meeting(size: worldSize)
    let results = Monitor<[Int: Swift.Result<Result, any Error>]>([:])
    for rank in 0..<worldSize {
      let thread = Thread {
        let result = Swift.Result { try body(ThreadCommunicator(rank: rank, meeting: meeting)) }
        meeting.leave(rank)
        results.withLock { $0[rank] = result }
      }
      // As the main thread's: a training step needs more than a thread's usual half MiB.
      thread.stackSize = 8 << 20
      thread.name = "rank \(rank)"
      thread.start()
    }
    let all = results.wait { $0.count == worldSize ? $0 : nil }
    let failures = (0..<worldSize).compactMap { rank -> (any Error)? in
      if case .failure(let error) = all[rank]! { error } else { nil }
    }
    if let error = failures.first(where: { ($0 as? MessagePassingError)?.isOfOtherRank != true }) ?? failures.first {
      throw error
    }
    return try (0..<worldSize).map { try all[$0]!.get() }
  }

  /// See ``Communicator/broadcast(_:from:)-9vq1f``.
  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(MessagePassingError) {
    try meet("broadcast", bytes) { shown in
      if rank != root { bytes.copyMemory(from: UnsafeRawBufferPointer(shown[root].bytes)) }
    }
  }

  /// See ``Communicator/allGather(_:into:)``.
  package func allGather(
    _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer
  ) throws(MessagePassingError) {
    precondition(all.count == own.count * worldSize, "\(own.count) bytes of \(worldSize) ranks into \(all.count)")
    try meet("allGather", UnsafeMutableRawBufferPointer(mutating: own)) { shown in
      for (rank, other) in shown.enumerated() where !own.isEmpty {
        UnsafeMutableRawBufferPointer(rebasing: all[rank * own.count..<(rank + 1) * own.count])
          .copyMemory(from: UnsafeRawBufferPointer(other.bytes))
      }
    }
  }

  /// See ``Communicator/gather(_:)``.
  package func gather(_ own: [UInt8]) throws(MessagePassingError) -> [[UInt8]] {
    var own = own
    return try own.withUnsafeMutableBufferPointer { (own) throws(MessagePassingError) in
      try meet("gather", UnsafeMutableRawBufferPointer(own)) { shown in
        isRoot ? shown.map { Array($0.bytes) } : []
      }
    }
  }

  /// See ``Communicator/exchange(_:parts:senders:received:)``.
  package func exchange<Element: WireElement>(
    _ own: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>], senders: [Int],
    received: UnsafeMutableBufferPointer<Element>
  ) throws(MessagePassingError) {
    let part = parts[rank]
    precondition(parts.count == worldSize && received.count >= senders.count * part.count, "a part has no room")
    try meet("exchange", UnsafeMutableRawBufferPointer(own)) { shown in
      for (position, sender) in senders.enumerated() where !part.isEmpty {
        let other = shown[sender].bytes.bindMemory(to: Element.self)
        _ = UnsafeMutableBufferPointer(rebasing: received[position * part.count..<(position + 1) * part.count])
          .update(fromContentsOf: UnsafeMutableBufferPointer(rebasing: other[part]))
      }
    }
  }

  /// See ``Communicator/allGather(_:parts:)``.
  package func allGather<Element: WireElement>(
    _ values: UnsafeMutableBufferPointer<Element>, parts: [Range<Int>]
  ) throws(MessagePassingError) {
    try meet("allGather of parts", UnsafeMutableRawBufferPointer(values)) { shown in
      for (other, part) in parts.enumerated() where other != rank && !part.isEmpty {
        let theirs = shown[other].bytes.bindMemory(to: Element.self)
        _ = UnsafeMutableBufferPointer(rebasing: values[part])
          .update(fromContentsOf: UnsafeMutableBufferPointer(rebasing: theirs[part]))
      }
    }
  }

  /// See ``Communicator/start(_:)``.
  package func start(_ messages: [Message]) throws(MessagePassingError) -> any MessagesUnderWay {
    let mail = ThreadMessages(rank: rank, meeting: meeting)
    for message in messages { mail.add(message) }
    return mail
  }

  /// See ``Communicator/sum(_:)``; in rank order.
  package func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(MessagePassingError) {
    let total = try meet("sum", UnsafeMutableRawBufferPointer(values)) { shown in
      shown.dropFirst().reduce(Array(shown[0].bytes.bindMemory(to: Float.self))) { total, other in
        zip(total, other.bytes.bindMemory(to: Float.self)).map(+)
      }
    }
    _ = values.update(fromContentsOf: total)
  }

  /// See ``Communicator/duplicate()``.
  package func duplicate() throws(MessagePassingError) -> any Communicator {
    let fresh = Meeting(size: worldSize)
    // All take that of rank 0, which is to hear of it when a rank ends.
    if rank == 0 { meeting.adopt(fresh) }
    let first = try meet("duplicate", UnsafeMutableRawBufferPointer(start: nil, count: 0), fresh) { $0[0].fresh! }
    return ThreadCommunicator(rank: rank, meeting: first)
  }

  /// Ends this rank; all others fail in the collective that they are in or come to.
  package func abort(_ code: Int32) -> Never {
    meeting.fail("rank \(rank) ended the job with code \(code)")
    // A thread has nothing that could be returned to.
    while true { Thread.sleep(forTimeInterval: 3600) }
  }

  /// Does nothing: there is no MPI to finalize.
  package func finish() {}

  private func meet<Result>(
    _ call: String, _ bytes: UnsafeMutableRawBufferPointer, _ fresh: Meeting? = nil,
    _ read: ([Meeting.Shown]) -> Result
  ) throws(MessagePassingError) -> Result {
    try meeting.attend(rank, Meeting.Shown(call: call, bytes: bytes, fresh: fresh), read)
  }
}
