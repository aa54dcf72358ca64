import Threads

/// Where the ranks of a ``ThreadCommunicator`` show each other their memory.
final class Meeting: Sendable {
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
