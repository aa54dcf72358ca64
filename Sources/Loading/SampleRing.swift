import Datasets
import Detection
import Foundation
import Threads

/// Background threads that prepare batches ahead of one consumer, in a bounded ring of micro-batches.
///
/// Micro-batches are prepared in order. Threads claim single samples, so that one slow image holds up one thread only; what a
/// sample holds depends on the sample alone, so neither the number of threads nor their timing shows in the result. All
/// memory for pixels is allocated at the start.
///
/// A sample that cannot be prepared is an error of its batch: the consumer meets it when it asks for that batch, and at
/// every later call again.
package final class SampleRing: @unchecked Sendable {
  package typealias Sample = SampleSchedule.Sample

  /// What a sample turned out to hold, besides its pixels.
  package struct Content {
    package let groundTruth: [GroundTruth]
    /// The image that it shows, by index in the data set.
    package let imageIndex: Int
    package let replacement: ImageReplacement?
    /// Why there are no pixels of it.
    package let damage: DatasetError?

    package init(
      groundTruth: [GroundTruth], imageIndex: Int, replacement: ImageReplacement? = nil, damage: DatasetError? = nil
    ) {
      self.damage = damage
      self.groundTruth = groundTruth
      self.imageIndex = imageIndex
      self.replacement = replacement
    }
  }

  /// A micro-batch: samples in order, what each holds, and where their pixels are.
  package struct Group {
    package let samples: [Sample]
    package let contents: [Content]
    package let pixels: UnsafeMutablePointer<Float>
  }

  /// A place for one micro-batch. Its pixels belong to whoever claimed the sample.
  private struct Slot {
    var samples: [Sample] = []
    var contents: [Content?] = []
    var unfinished = 0
    var failure: (index: Int, error: any Error)?
  }

  private let microBatch: Int
  private let groupsPerBatch: Int
  private let valuesPerSample: Int
  private let valuesPerSlot: Int
  private let memory: UnsafeMutableRawPointer
  /// The samples of a batch, or nothing behind the last one. Called in order, one call at a time.
  private let samples: (Int) -> [Sample]?
  private let prepare: (Sample, UnsafeMutablePointer<Float>) throws -> Content

  private struct State {
    var slots: [Slot]
    /// Samples of the batch that was begun last whose micro-batches are not opened yet.
    var waiting: ArraySlice<Sample> = []
    /// Batches that were begun.
    var begun = 0
    /// Micro-batches whose samples are being, or have been, claimed.
    var opened = 0
    /// The next sample to claim in the micro-batch that was opened last.
    var nextIndex = 0
    /// Micro-batches handed to the consumer.
    var delivered = 0
    /// Micro-batches the consumer is done with.
    var recycled = 0
    var isExhausted = false
    var isStopped = false
    var failure: (any Error)?
    var runningThreads: Int
    /// Samples that threads are preparing now.
    var claimed: [Sample] = []
  }

  private let state: Monitor<State>
  private let slotCount: Int
  /// The consumer's own.
  private(set) var waitSeconds = 0.0

  /// How many micro-batches are kept in memory.
  ///
  /// - Parameters:
  ///   - capacity: batches, one of which the consumer holds.
  ///   - groupsPerBatch: micro-batches of a batch.
  ///   - microBatchBytes: of one.
  ///   - byteLimit: what they may take together; one more than the consumer holds is kept in any case.
  package static func slotCount(capacity: Int, groupsPerBatch: Int, microBatchBytes: Int, byteLimit: Int) -> Int {
    min(capacity * groupsPerBatch, max(groupsPerBatch + 1, byteLimit / microBatchBytes))
  }

  /// - Parameters:
  ///   - capacity: batches in memory at most, one of which the consumer holds.
  ///   - byteLimit: see ``slotCount(capacity:groupsPerBatch:microBatchBytes:byteLimit:)``.
  ///   - samplesPerBatch: the most that a batch can have; only the last one may have fewer.
  ///   - microBatch: samples that lie together in memory.
  ///   - valuesPerSample: floats of a sample.
  ///   - samples: the samples of a batch, or nothing behind the last one.
  ///   - prepare: writes the pixels and returns what they show; called from several threads.
  package init(
    threads: Int, capacity: Int, byteLimit: Int = .max, samplesPerBatch: Int, microBatch: Int, valuesPerSample: Int,
    samples: @escaping (Int) -> [Sample]?,
    prepare: @escaping @Sendable (Sample, UnsafeMutablePointer<Float>) throws -> Content
  ) {
    precondition(threads >= 1, "a loader needs at least 1 thread, got \(threads)")
    precondition(capacity >= 2, "a loader that works ahead needs a capacity of at least 2, got \(capacity)")
    precondition(
      samplesPerBatch > 0 && samplesPerBatch % microBatch == 0,
      "\(samplesPerBatch) samples cannot be cut into micro-batches of \(microBatch)")
    let alignment = 64
    let floatsPerLine = alignment / MemoryLayout<Float>.stride
    self.microBatch = microBatch
    groupsPerBatch = samplesPerBatch / microBatch
    self.valuesPerSample = valuesPerSample
    valuesPerSlot = (microBatch * valuesPerSample + floatsPerLine - 1) / floatsPerLine * floatsPerLine
    let bytesPerSlot = valuesPerSlot * MemoryLayout<Float>.stride
    let count = Self.slotCount(
      capacity: capacity, groupsPerBatch: groupsPerBatch, microBatchBytes: bytesPerSlot, byteLimit: byteLimit)
    memory = .allocate(byteCount: count * bytesPerSlot, alignment: alignment)
    self.samples = samples
    self.prepare = prepare
    slotCount = count
    state = Monitor(State(slots: Array(repeating: Slot(), count: count), runningThreads: threads))
    for number in 1...threads {
      let thread = Thread { self.work() }
      thread.name = "loader \(number)"
      thread.start()
    }
  }

  deinit { memory.deallocate() }

  /// The micro-batches of the next batch, or nothing behind the last one. The memory of the batch before is used again.
  ///
  /// - Throws: the error of the batch's first sample that has one; `CancellationError` after `stop`.
  package func next() throws -> [Group]? {
    state.withLock { $0.recycled = $0.delivered }
    let start = ContinuousClock.now
    let result: Result<[Group]?, any Error> = state.wait { state in
      if let failure = state.failure { return .failure(failure) }
      if state.isStopped { return .failure(CancellationError()) }
      guard isReady(state) else { return nil }
      return Result { try deliver(&state) }
    }
    waitSeconds += (ContinuousClock.now - start) / .seconds(1)
    return try result.get()
  }

  private func deliver(_ state: inout State) throws -> [Group]? {
    let batch = state.delivered..<min(state.delivered + groupsPerBatch, state.opened)
    if batch.isEmpty { return nil }
    for number in batch {
      if let (_, error) = state.slots[number % slotCount].failure {
        state.failure = error
        throw error
      }
    }
    state.delivered = batch.upperBound
    return batch.map { number in
      let slot = state.slots[number % slotCount]
      return Group(
        samples: slot.samples, contents: slot.contents.map { $0! },
        pixels: pixels(ofSlot: number % slotCount, sample: 0))
    }
  }

  /// Ends the threads and waits for them; what they are at is finished first.
  package func stop() {
    state.withLock { $0.isStopped = true }
    state.wait { $0.runningThreads > 0 ? nil : () }
  }

  /// The samples that are being prepared at this instant, in the order of the stream.
  package var samplesInWork: [Sample] { state.withLock { $0.claimed.sorted { $0.position < $1.position } } }

  /// Whether the next batch is there, as far as it will ever be.
  private func isReady(_ state: State) -> Bool {
    let whole = state.delivered + groupsPerBatch
    let end = state.isExhausted && state.waiting.isEmpty ? min(whole, state.opened) : whole
    return end <= state.opened && (state.delivered..<end).allSatisfy { state.slots[$0 % slotCount].unfinished == 0 }
  }

  private func pixels(ofSlot slot: Int, sample: Int) -> UnsafeMutablePointer<Float> {
    memory.assumingMemoryBound(to: Float.self) + slot * valuesPerSlot + sample * valuesPerSample
  }

  private func work() {
    while case .sample(let sample, let slot, let index) = state.wait({ claim(&$0) }) {
      let result = Result { try prepare(sample, pixels(ofSlot: slot, sample: index)) }
      state.withLock { state in
        state.claimed.removeAll { $0.position == sample.position }
        switch result {
        case .success(let content): state.slots[slot].contents[index] = content
        case .failure(let error):
          if index < state.slots[slot].failure?.index ?? .max { state.slots[slot].failure = (index, error) }
        }
        state.slots[slot].unfinished -= 1
      }
    }
    state.withLock { $0.runningThreads -= 1 }
  }

  private enum Claim {
    case sample(Sample, slot: Int, index: Int)
    /// There will be none.
    case end
  }

  /// A sample to prepare; nil where there is no room for one yet.
  private func claim(_ state: inout State) -> Claim? {
    while !state.isStopped {
      let current = (state.opened + slotCount - 1) % slotCount
      if state.opened > 0, state.nextIndex < state.slots[current].samples.count {
        let sample = state.slots[current].samples[state.nextIndex]
        state.claimed.append(sample)
        state.nextIndex += 1
        return .sample(sample, slot: current, index: state.nextIndex - 1)
      }
      if state.waiting.isEmpty, !state.isExhausted { beginBatch(&state) }
      if state.waiting.isEmpty { return .end }
      guard state.opened < state.recycled + slotCount else { return nil }
      openGroup(&state)
    }
    return .end
  }

  private func beginBatch(_ state: inout State) {
    guard let batch = samples(state.begun) else {
      state.isExhausted = true
      return
    }
    let largest = groupsPerBatch * microBatch
    precondition((1...largest).contains(batch.count), "a batch of \(batch.count) samples where \(largest) have room")
    state.waiting = batch[...]
    state.begun += 1
  }

  private func openGroup(_ state: inout State) {
    let group = Array(state.waiting.prefix(microBatch))
    state.waiting = state.waiting.dropFirst(microBatch)
    state.slots[state.opened % slotCount] = Slot(
      samples: group, contents: Array(repeating: nil, count: group.count), unfinished: group.count)
    state.opened += 1
    state.nextIndex = 0
  }
}
