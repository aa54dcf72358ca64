/// What a layer computes with: threads, kernels and scratch memory, sized once before the first iteration.
public final class ExecutionContext {
  /// The threads.
  public let pool: ThreadPool
  /// The C kernels.
  public let kernels: Kernels
  private let perWorker: [AlignedBuffer]
  private let common: AlignedBuffer

  /// Allocates `scratch` for every thread of `pool`.
  public init(pool: ThreadPool, kernels: Kernels, scratch: ScratchSize) {
    self.pool = pool
    self.kernels = kernels
    perWorker = (0..<pool.threadCount).map { _ in AlignedBuffer(count: scratch.perWorker) }
    common = AlignedBuffer(count: scratch.common)
  }

  /// Scratch of one thread; contents do not outlive a loop body.
  public func scratch(worker: Int) -> UnsafeMutablePointer<Float> { perWorker[worker].floats.baseAddress! }

  /// Scratch that all threads share; contents do not outlive a layer.
  public var scratch: UnsafeMutablePointer<Float> { common.floats.baseAddress! }
}

/// Floats of scratch memory that a layer needs.
public struct ScratchSize: Sendable, Equatable {
  /// For each thread.
  public var perWorker: Int
  /// Once for all threads.
  public var common: Int

  /// Creates a size.
  public init(perWorker: Int = 0, common: Int = 0) {
    self.perWorker = perWorker
    self.common = common
  }

  /// Enough for either of two users that do not overlap in time.
  public func union(_ other: ScratchSize) -> ScratchSize {
    ScratchSize(perWorker: max(perWorker, other.perWorker), common: max(common, other.common))
  }

  /// Bytes with `threads` threads.
  public func bytes(threads: Int) -> Int { (perWorker * threads + common) * MemoryLayout<Float>.stride }
}
