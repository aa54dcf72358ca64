import Glibc
import Tensors

/// How fast all threads together copy memory that no cache holds.
enum MemoryBandwidth {
  private static let pieceBytes = 1 << 20
  private static let repetitions = 5

  /// Bytes that no share of a third-level cache holds, though some processors have one that is larger in all.
  private static let mostBytes = 512 << 20

  /// Of all threads of a pool, and of one.
  static func measureBoth(pool: ThreadPool) -> (all: Double, thread: Double) {
    let all = measure(pool: pool)
    return (all, pool.threadCount == 1 ? all : measure(pool: ThreadPool(threadCount: 1)))
  }

  /// Bytes a second, read and written; the best of some copies. It takes twice four third-level caches of memory, and gives it back.
  static func measure(pool: ThreadPool) -> Double {
    let caches = 4 * sysconf(Int32(_SC_LEVEL3_CACHE_SIZE))
    let count = min(max(128 << 20, caches), mostBytes) / pieceBytes * pieceBytes
    let (source, target) = (AlignedBuffer(count: count / 4), AlignedBuffer(count: count / 4))
    // Pages that were never written are all the same one.
    func copy(_ target: AlignedBuffer, _ source: AlignedBuffer) -> Double {
      let start = ContinuousClock.now
      pool.forEachRange(count, grain: pieceBytes) { range, _ in
        (target.start + range.lowerBound).copyMemory(from: source.start + range.lowerBound, byteCount: range.count)
      }
      return Double(2 * count) / ((ContinuousClock.now - start) / .seconds(1))
    }
    _ = copy(source, target)
    return (0..<repetitions).map { _ in copy(target, source) }.max() ?? 0
  }
}
