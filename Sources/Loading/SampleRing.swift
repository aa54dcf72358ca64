import Datasets
import Detection
import Foundation

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

  /// A place for one micro-batch; guarded by `condition` except for the pixels, which belong to whoever claimed the sample.
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

  private let condition = NSCondition()
  private var slots: [Slot]
  /// Samples of the batch that was begun last whose micro-batches are not opened yet.
  private var waiting: ArraySlice<Sample> = []
  /// Batches that were begun.
  private var begun = 0
  /// Micro-batches whose samples are being, or have been, claimed.
  private var opened = 0
  /// The next sample to claim in the micro-batch that was opened last.
  private var nextIndex = 0
  /// Micro-batches handed to the consumer.
  private var delivered = 0
  /// Micro-batches the consumer is done with.
  private var recycled = 0
  private var isExhausted = false
  private var isStopped = false
  private var failure: (any Error)?
  private var runningThreads: Int
  /// Samples that threads are preparing now.
  private var claimed: [Sample] = []
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
    slots = Array(repeating: Slot(), count: count)
    runningThreads = threads
    for number in 1...threads {
      let thread = Thread { self.work() }
      thread.name = "loader \(number)"
      thread.start()
    }
  }

  deinit {
    memory.deallocate()
  }

  /// The micro-batches of the next batch, or nothing behind the last one. The memory of the batch before is used again.
  ///
  /// - Throws: the error of the batch's first sample that has one; `CancellationError` after `stop`.
  package func next() throws -> [Group]? {
    condition.lock()
    defer { condition.unlock() }
    recycled = delivered
    condition.broadcast()
    let start = ContinuousClock.now
    while !isStopped && failure == nil && !isReady { condition.wait() }
    waitSeconds += (ContinuousClock.now - start) / .seconds(1)
    if let failure { throw failure }
    if isStopped { throw CancellationError() }
    let batch = delivered..<min(delivered + groupsPerBatch, opened)
    if batch.isEmpty { return nil }
    for number in batch {
      if let (_, error) = slots[number % slots.count].failure {
        failure = error
        throw error
      }
    }
    delivered = batch.upperBound
    return batch.map { number in
      let slot = slots[number % slots.count]
      return Group(
        samples: slot.samples, contents: slot.contents.map { $0! },
        pixels: pixels(ofSlot: number % slots.count, sample: 0))
    }
  }

  /// Ends the threads and waits for them; what they are at is finished first.
  package func stop() {
    condition.lock()
    defer { condition.unlock() }
    isStopped = true
    condition.broadcast()
    while runningThreads > 0 { condition.wait() }
  }

  /// The samples that are being prepared at this instant, in the order of the stream.
  package var samplesInWork: [Sample] {
    condition.lock()
    defer { condition.unlock() }
    return claimed.sorted { $0.position < $1.position }
  }

  /// Whether the next batch is there, as far as it will ever be.
  private var isReady: Bool {
    let end = isExhausted && waiting.isEmpty ? min(delivered + groupsPerBatch, opened) : delivered + groupsPerBatch
    return end <= opened && (delivered..<end).allSatisfy { slots[$0 % slots.count].unfinished == 0 }
  }

  private func pixels(ofSlot slot: Int, sample: Int) -> UnsafeMutablePointer<Float> {
    memory.assumingMemoryBound(to: Float.self) + slot * valuesPerSlot + sample * valuesPerSample
  }

  private func work() {
    condition.lock()
    while let (slot, index) = claim() {
      let sample = slots[slot].samples[index]
      claimed.append(sample)
      condition.unlock()
      let result = Result { try prepare(sample, pixels(ofSlot: slot, sample: index)) }
      condition.lock()
      claimed.removeAll { $0.position == sample.position }
      switch result {
      case .success(let content):
        slots[slot].contents[index] = content
      case .failure(let error):
        if index < slots[slot].failure?.index ?? .max { slots[slot].failure = (index, error) }
      }
      slots[slot].unfinished -= 1
      if slots[slot].unfinished == 0 { condition.broadcast() }
    }
    runningThreads -= 1
    condition.broadcast()
    condition.unlock()
  }

  /// Waits for a sample to prepare; nothing when there will be none. The caller holds the lock.
  private func claim() -> (slot: Int, index: Int)? {
    while !isStopped {
      let current = (opened + slots.count - 1) % slots.count
      if opened > 0, nextIndex < slots[current].samples.count {
        nextIndex += 1
        return (current, nextIndex - 1)
      }
      if waiting.isEmpty, !isExhausted { beginBatch() }
      if waiting.isEmpty { return nil }
      if opened < recycled + slots.count {
        openGroup()
      } else {
        condition.wait()
      }
    }
    return nil
  }

  private func beginBatch() {
    guard let batch = samples(begun) else {
      isExhausted = true
      condition.broadcast()
      return
    }
    let largest = groupsPerBatch * microBatch
    precondition((1...largest).contains(batch.count), "a batch of \(batch.count) samples where \(largest) have room")
    waiting = batch[...]
    begun += 1
  }

  private func openGroup() {
    let group = Array(waiting.prefix(microBatch))
    waiting = waiting.dropFirst(microBatch)
    slots[opened % slots.count] = Slot(
      samples: group, contents: Array(repeating: nil, count: group.count), unfinished: group.count)
    opened += 1
    nextIndex = 0
  }
}
