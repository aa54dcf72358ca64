import Foundation
import Loading
import Testing
import Threads

/// The ring alone, with samples that are counted instead of read.
@Suite(.timeLimit(.minutes(10))) struct SampleRingTests {
  private struct Refusal: Error, Equatable { let position: Int }

  /// What the threads report; shared with them.
  private final class Observations: Sendable {
    let state = Monitor((prepared: 0, calls: 0, tooEarly: 0))
  }

  private static func samples(ofBatch batch: Int, size: Int) -> [SampleSchedule.Sample] {
    (batch * size..<(batch + 1) * size).map { SampleSchedule.Sample(position: $0, epoch: 0, imageIndex: $0) }
  }

  private static func content(_ sample: SampleSchedule.Sample) -> SampleRing.Content {
    SampleRing.Content(groundTruth: [], imageIndex: sample.imageIndex)
  }

  @Test(arguments: [1, 2, 5]) func `all room is used and no more is prepared than there is room for`(
    threads: Int
  ) throws {
    let (size, capacity) = (4, 3)
    let observations = Observations()
    let ring = SampleRing(
      threads: threads, capacity: capacity, samplesPerBatch: size, microBatch: 2, valuesPerSample: 3,
      samples: { Self.samples(ofBatch: $0, size: size) },
      prepare: { sample, pixels in
        observations.state.withLock { state in
          state.prepared += 1
          // Batches before the one that is being asked for have been given back.
          if sample.position / size >= max(state.calls - 1, 0) + capacity { state.tooEarly += 1 }
        }
        for index in 0..<3 { pixels[index] = Float(sample.position * 3 + index) }
        return Self.content(sample)
      })
    defer { ring.stop() }
    for call in 1...10 {
      observations.state.withLock { $0.calls = call }
      let batch = try #require(try ring.next())
      #expect(batch.flatMap(\.samples).map(\.position) == Array((call - 1) * size..<call * size))
      let values = batch.flatMap { UnsafeBufferPointer(start: $0.pixels, count: 6) }
      #expect(values == (0..<size * 3).map { Float((call - 1) * size * 3 + $0) })
    }
    // Nine batches have been given back; the rest of the room fills without being asked for.
    while observations.state.withLock({ $0.prepared }) < (9 + capacity) * size { Thread.sleep(forTimeInterval: 0.001) }
    #expect(observations.state.withLock { $0.tooEarly } == 0)
  }

  @Test(arguments: [(Int.max, 12), (100, 8), (64 * 7, 7), (1, 5)])
  func `a limit in bytes leaves room for one micro-batch more than are in use`(limit: Int, groups: Int) throws {
    // A micro-batch of one sample takes 64 bytes, a batch has four, the capacity is three batches.
    let observations = Observations()
    let ring = SampleRing(
      threads: 3, capacity: 3, byteLimit: limit == 100 ? 64 * 8 + 63 : limit, samplesPerBatch: 4, microBatch: 1,
      valuesPerSample: 1, samples: { Self.samples(ofBatch: $0, size: 4) },
      prepare: { sample, pixels in
        observations.state.withLock { $0.prepared += 1 }
        pixels[0] = Float(sample.position)
        return Self.content(sample)
      })
    defer { ring.stop() }
    for call in 0..<6 {
      let batch = try #require(try ring.next())
      #expect(batch.map { $0.pixels[0] } == (call * 4..<call * 4 + 4).map(Float.init))
      // Before this call all earlier batches were given back.
      while observations.state.withLock({ $0.prepared }) < call * 4 + groups { Thread.sleep(forTimeInterval: 0.001) }
      Thread.sleep(forTimeInterval: 0.005)
      #expect(observations.state.withLock { $0.prepared } == call * 4 + groups)
      #expect(batch.map { $0.pixels[0] } == (call * 4..<call * 4 + 4).map(Float.init))
    }
  }

  @Test func `of several errors in a batch the first in order is thrown`() throws {
    let ring = SampleRing(
      threads: 4, capacity: 2, samplesPerBatch: 4, microBatch: 4, valuesPerSample: 1,
      samples: { Self.samples(ofBatch: $0, size: 4) },
      prepare: { sample, _ in
        if sample.position == 5 { Thread.sleep(forTimeInterval: 0.05) }
        if sample.position == 5 || sample.position == 7 { throw Refusal(position: sample.position) }
        return Self.content(sample)
      })
    defer { ring.stop() }
    _ = try ring.next()
    #expect(throws: Refusal(position: 5)) { try ring.next() }
    #expect(throws: Refusal(position: 5)) { try ring.next() }
  }

  @Test func `stopping releases a consumer that waits`() throws {
    let hold = DispatchSemaphore(value: 0)
    let ring = SampleRing(
      threads: 1, capacity: 2, samplesPerBatch: 1, microBatch: 1, valuesPerSample: 1,
      samples: { Self.samples(ofBatch: $0, size: 1) },
      prepare: { sample, _ in
        hold.wait()
        return Self.content(sample)
      })
    let isStopped = DispatchSemaphore(value: 0)
    Thread {
      Thread.sleep(forTimeInterval: 0.02)
      ring.stop()
      isStopped.signal()
    }
    .start()
    // No sample is ever finished before this returns.
    #expect(throws: CancellationError.self) { try ring.next() }
    hold.signal()
    isStopped.wait()
  }
}
