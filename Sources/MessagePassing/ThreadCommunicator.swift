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

  /// See ``Communicator/gather(_:to:)``.
  package func gather(_ own: [UInt8], to root: Int) throws(MessagePassingError) -> [[UInt8]] {
    var own = own
    return try own.withUnsafeMutableBufferPointer { (own) throws(MessagePassingError) in
      try meet("gather", UnsafeMutableRawBufferPointer(own)) { shown in
        rank == root ? shown.map { Array($0.bytes) } : []
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

/// Messages of ``ThreadCommunicator`` that are on their way; what is sent is copied at once.
private final class ThreadMessages: MessagesUnderWay {
  private let rank: Int
  private let meeting: Meeting
  private var awaited: [Message] = []

  init(rank: Int, meeting: Meeting) { (self.rank, self.meeting) = (rank, meeting) }

  func add(_ message: Message) {
    if message.isOutgoing {
      meeting.post(Array(message.bytes), from: rank, to: message.other, tag: message.tag)
    } else {
      awaited.append(message)
    }
  }

  func areDone() throws(MessagePassingError) -> Bool {
    while let message = awaited.first {
      guard let bytes = try meeting.take(from: message.other, to: rank, tag: message.tag) else { return false }
      precondition(bytes.count == message.bytes.count, "\(bytes.count) bytes for \(message.bytes.count)")
      message.bytes.copyBytes(from: bytes)
      awaited.removeFirst()
    }
    return true
  }
}

/// Where the ranks of a ``ThreadCommunicator`` show each other their memory.
private final class Meeting: Sendable {
  /// What a rank brings.
  struct Shown {
    let call: String
    let bytes: UnsafeMutableRawBufferPointer
    let fresh: Meeting?
  }

  private struct Route: Hashable {
    let from, to, tag: Int
  }

  private struct State {
    var shown: [Shown?]
    /// Ranks that have read what they need.
    var readers = 0
    /// Meetings that are over.
    var round = 0
    var failure: String?
    var gone: Set<Int> = []
    var duplicates: [Meeting] = []
    /// Messages that nobody has taken yet.
    var mail: [Route: [[UInt8]]] = [:]

    /// What all have brought; nil as long as somebody is missing.
    var all: [Shown]? { shown.contains { $0 == nil } ? nil : shown.map { $0! } }
  }

  let size: Int
  private let state: Monitor<State>

  init(size: Int) {
    self.size = size
    state = Monitor(State(shown: Array(repeating: nil, count: size)))
  }

  /// Shows memory, reads that of others once all are there, and waits until all have read.
  func attend<Result>(
    _ rank: Int, _ own: Shown, _ read: ([Shown]) -> Result
  ) throws(MessagePassingError) -> Result {
    let round = state.withLock { state in
      state.shown[rank] = own
      if let other = state.gone.min() {
        state.failure = state.failure ?? "rank \(other) has ended, where rank \(rank) calls \(own.call)"
      }
      return state.round
    }
    let all = try succeed(rank) { $0.all }
    if let other = all.firstIndex(where: { $0.call != own.call }) {
      let text = "rank \(rank) calls \(own.call) where rank \(other) calls \(all[other].call)"
      state.withLock { $0.failure = $0.failure ?? text }
      throw MessagePassingError(text)
    }
    let result = read(all)
    state.withLock { state in
      state.readers += 1
      if state.readers == size {
        state.readers = 0
        state.shown = Array(repeating: nil, count: size)
        state.round += 1
      }
    }
    try succeed(rank) { $0.round > round ? true : nil }
    return result
  }

  @discardableResult
  private func succeed<Result>(
    _ rank: Int, _ ready: (State) -> Result?
  ) throws(MessagePassingError) -> Result {
    let outcome: (Result?, String?) = state.wait { state in
      if let result = ready(state) { return (result, nil) }
      return state.failure.map { (nil, $0) }
    }
    if let result = outcome.0 { return result }
    throw MessagePassingError(outcome.1!, isOfOtherRank: true)
  }

  /// Leaves a message for another rank.
  func post(_ bytes: [UInt8], from rank: Int, to other: Int, tag: Int) {
    state.withLock { $0.mail[Route(from: rank, to: other, tag: tag), default: []].append(bytes) }
  }

  /// The oldest message of another rank; nil where it has not come yet.
  func take(from other: Int, to rank: Int, tag: Int) throws(MessagePassingError) -> [UInt8]? {
    let route = Route(from: other, to: rank, tag: tag)
    let (bytes, failure) = state.withLock { state -> ([UInt8]?, String?) in
      if let bytes = state.mail[route]?.first {
        state.mail[route]!.removeFirst()
        return (bytes, nil)
      }
      if state.gone.contains(other) {
        state.failure = state.failure ?? "rank \(other) has ended, where rank \(rank) waits for a message of it"
      }
      return (nil, state.failure)
    }
    if let failure { throw MessagePassingError(failure, isOfOtherRank: true) }
    return bytes
  }

  /// Takes a meeting of the same ranks that ends with this one.
  func adopt(_ duplicate: Meeting) {
    state.withLock { $0.duplicates.append(duplicate) }
  }

  /// The thread of a rank has ended.
  func leave(_ rank: Int) {
    let duplicates = state.withLock { state in
      state.gone.insert(rank)
      if let waiting = state.shown.indices.first(where: { state.shown[$0] != nil }) {
        state.failure =
          state.failure ?? "rank \(rank) has ended, where rank \(waiting) calls \(state.shown[waiting]!.call)"
      }
      return state.duplicates
    }
    for duplicate in duplicates { duplicate.leave(rank) }
  }

  func fail(_ text: String) {
    let duplicates = state.withLock { state in
      state.failure = state.failure ?? text
      return state.duplicates
    }
    for duplicate in duplicates { duplicate.fail(text) }
  }
}
