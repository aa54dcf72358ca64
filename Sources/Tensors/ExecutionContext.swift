import Kernels

/// What a layer computes with: threads, kernels and scratch memory, sized once before the first iteration.
package final class ExecutionContext {
  /// The threads.
  package let pool: ThreadPool
  /// The C kernels.
  package let kernels: Kernels
  /// Kernels that are kept from pass to pass; nil where weights change.
  package let preparedKernels: PreparedKernels?
  private let perWorker: [AlignedBuffer]
  private let common: AlignedBuffer

  /// Allocates `scratch` for every thread of `pool`.
  package init(
    pool: ThreadPool, kernels: Kernels, scratch: ScratchSize, preparedKernels: PreparedKernels? = nil
  ) {
    self.preparedKernels = preparedKernels
    self.pool = pool
    self.kernels = kernels
    perWorker = (0..<pool.threadCount).map { _ in AlignedBuffer(byteCount: scratch.perWorker) }
    common = AlignedBuffer(byteCount: scratch.common)
  }

  /// Scratch of one thread; contents do not outlive a loop body.
  package func scratch(worker: Int) -> UnsafeMutablePointer<Float> { perWorker[worker].floats.baseAddress! }

  /// Scratch that all threads share; contents do not outlive a layer.
  package var scratch: UnsafeMutablePointer<Float> { common.floats.baseAddress! }
}

/// Bytes of scratch memory that a layer needs.
package struct ScratchSize: Sendable, Equatable {
  /// For each thread.
  package var perWorker: Int
  /// Once for all threads.
  package var common: Int

  /// Creates a size.
  package init(perWorker: Int = 0, common: Int = 0) {
    self.perWorker = perWorker
    self.common = common
  }

  /// A size in floats.
  package init(floatsPerWorker: Int, commonFloats: Int = 0) {
    self.init(
      perWorker: floatsPerWorker * MemoryLayout<Float>.stride, common: commonFloats * MemoryLayout<Float>.stride)
  }

  /// A size in floats.
  package init(commonFloats: Int) { self.init(floatsPerWorker: 0, commonFloats: commonFloats) }

  /// Enough for either of two users that do not overlap in time.
  package func union(_ other: ScratchSize) -> ScratchSize {
    ScratchSize(perWorker: max(perWorker, other.perWorker), common: max(common, other.common))
  }

  /// Bytes with `threads` threads.
  package func bytes(threads: Int) -> Int { perWorker * threads + common }
}
