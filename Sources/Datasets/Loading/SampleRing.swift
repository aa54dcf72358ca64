import Detection
import Foundation

/// Background threads that prepare batches ahead of one consumer, in a bounded ring of slots.
///
/// Batches are prepared in order. Threads claim single samples, so that one slow image holds up one thread only; what a
/// sample holds depends on the sample alone, so neither the number of threads nor their timing shows in the result. All
/// memory for pixels is allocated at the start.
///
/// A sample that cannot be prepared is an error of its batch: the consumer meets it when it asks for that batch, and at
/// every later call again.
package final class SampleRing: @unchecked Sendable {
  package typealias Sample = SampleSchedule.Sample

  /// Samples in order, each sample's objects, and the pixels: micro-batches of `microBatch` samples.
  package struct Batch {
    package let samples: [Sample]
    package let groundTruth: [[GroundTruth]]
    package let pixels: [UnsafeMutablePointer<Float>]
  }

  /// A place for one batch; guarded by `condition` except for the pixels, which belong to whoever claimed the sample.
  private struct Slot {
    var samples: [Sample] = []
    var groundTruth: [[GroundTruth]] = []
    var unfinished = 0
    var failure: (index: Int, error: any Error)?
  }

  private let microBatch: Int
  private let samplesPerSlot: Int
  private let valuesPerSample: Int
  private let valuesPerMicroBatch: Int
  private let memory: UnsafeMutableRawPointer
  /// The samples of a batch, or nothing behind the last one. Called in order, one call at a time.
  private let samples: (Int) -> [Sample]?
  private let prepare: (Sample, UnsafeMutablePointer<Float>) throws -> [GroundTruth]

  private let condition = NSCondition()
  private var slots: [Slot]
  /// Batches whose samples are being, or have been, claimed.
  private var opened = 0
  /// The next sample to claim in the batch that was opened last.
  private var nextIndex = 0
  /// Batches handed to the consumer.
  private var delivered = 0
  /// Batches the consumer is done with.
  private var recycled = 0
  private var isExhausted = false
  private var isStopped = false
  private var failure: (any Error)?
  private var runningThreads: Int
  /// Samples that threads are preparing now.
  private var claimed: [Sample] = []
  private(set) var waitSeconds = 0.0

  /// - Parameters:
  ///   - capacity: slots, one of which the consumer holds.
  ///   - samplesPerBatch: the most that a batch can have.
  ///   - microBatch: samples that lie together in memory.
  ///   - valuesPerSample: floats of a sample.
  ///   - samples: the samples of a batch, or nothing behind the last one.
  ///   - prepare: writes the pixels and returns the objects; called from several threads.
  package init(
    threads: Int, capacity: Int, samplesPerBatch: Int, microBatch: Int, valuesPerSample: Int,
    samples: @escaping (Int) -> [Sample]?,
    prepare: @escaping @Sendable (Sample, UnsafeMutablePointer<Float>) throws -> [GroundTruth]
  ) {
    precondition(threads >= 1, "a loader needs at least 1 thread, got \(threads)")
    precondition(capacity >= 2, "a loader that works ahead needs a capacity of at least 2, got \(capacity)")
    precondition(
      samplesPerBatch > 0 && samplesPerBatch % microBatch == 0,
      "\(samplesPerBatch) samples cannot be cut into micro-batches of \(microBatch)")
    let alignment = 64
    let floatsPerLine = alignment / MemoryLayout<Float>.stride
    self.microBatch = microBatch
    samplesPerSlot = samplesPerBatch
    self.valuesPerSample = valuesPerSample
    valuesPerMicroBatch = (microBatch * valuesPerSample + floatsPerLine - 1) / floatsPerLine * floatsPerLine
    memory = .allocate(
      byteCount: capacity * (samplesPerBatch / microBatch) * valuesPerMicroBatch * MemoryLayout<Float>.stride,
      alignment: alignment)
    self.samples = samples
    self.prepare = prepare
    slots = Array(repeating: Slot(), count: capacity)
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

  /// The next batch, or nothing behind the last one. The memory of the batch before is used again.
  ///
  /// - Throws: the error of the batch's first sample that has one; `CancellationError` after `stop`.
  package func next() throws -> Batch? {
    condition.lock()
    defer { condition.unlock() }
    recycled = delivered
    condition.broadcast()
    let start = ContinuousClock.now
    while !isStopped && failure == nil && !isReady && !(isExhausted && delivered == opened) { condition.wait() }
    waitSeconds += (ContinuousClock.now - start) / .seconds(1)
    if let failure { throw failure }
    if isStopped { throw CancellationError() }
    guard delivered < opened else { return nil }
    let slot = slots[delivered % slots.count]
    if let (_, error) = slot.failure {
      failure = error
      throw error
    }
    let microBatches = (slot.samples.count + microBatch - 1) / microBatch
    let first = delivered % slots.count * samplesPerSlot
    delivered += 1
    return Batch(
      samples: slot.samples, groundTruth: slot.groundTruth,
      pixels: (0..<microBatches).map { pixels(ofSample: first + $0 * microBatch) })
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

  private var isReady: Bool {
    delivered < opened && slots[delivered % slots.count].unfinished == 0
  }

  private func pixels(ofSample index: Int) -> UnsafeMutablePointer<Float> {
    memory.assumingMemoryBound(to: Float.self) + index / microBatch * valuesPerMicroBatch
      + index % microBatch * valuesPerSample
  }

  private func work() {
    condition.lock()
    while let (slot, index) = claim() {
      let sample = slots[slot].samples[index]
      claimed.append(sample)
      condition.unlock()
      let result = Result { try prepare(sample, pixels(ofSample: slot * samplesPerSlot + index)) }
      condition.lock()
      claimed.removeAll { $0.position == sample.position }
      switch result {
      case .success(let objects):
        slots[slot].groundTruth[index] = objects
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
      if opened > 0, nextIndex < slots[(opened - 1) % slots.count].samples.count {
        nextIndex += 1
        return ((opened - 1) % slots.count, nextIndex - 1)
      }
      if isExhausted { return nil }
      if opened < recycled + slots.count {
        openBatch()
      } else {
        condition.wait()
      }
    }
    return nil
  }

  private func openBatch() {
    guard let batch = samples(opened) else {
      isExhausted = true
      condition.broadcast()
      return
    }
    precondition(
      (1...samplesPerSlot).contains(batch.count), "a batch of \(batch.count) samples in a slot for \(samplesPerSlot)")
    slots[opened % slots.count] = Slot(
      samples: batch, groundTruth: Array(repeating: [], count: batch.count), unfinished: batch.count)
    opened += 1
    nextIndex = 0
  }
}
