import Tensors

/// How the gradient arena is cut into the pieces that ranks exchange, in the order in which backward completes them.
package struct BucketPlan: Equatable {
  /// Ranges of the arena, the last one first. Together they are the whole arena.
  package let buckets: [Range<Int>]

  /// Buckets start on multiples of this many floats (64 bytes).
  private static let alignment = 16

  /// Cuts `count` floats into buckets of `megabytes` (10⁶ bytes), the last of which, at the start of the arena, may be smaller.
  ///
  /// - Precondition: `count` and `megabytes` are positive.
  package init(count: Int, megabytes: Float) {
    precondition(count > 0 && megabytes > 0, "buckets of \(megabytes) MB for \(count) floats")
    let floats = Int(megabytes * 1e6) / MemoryLayout<Float>.stride
    let size = max(Self.alignment, floats / Self.alignment * Self.alignment)
    buckets = stride(from: count, to: 0, by: -size).map { max(0, $0 - size)..<$0 }
  }

  /// Floats of the largest bucket.
  var capacity: Int { buckets.map(\.count).max() ?? 0 }
}
