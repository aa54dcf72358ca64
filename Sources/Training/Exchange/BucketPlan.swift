/// How the gradient arena is cut into the pieces that ranks exchange, in the order in which backward completes them.
package struct BucketPlan: Equatable {
  /// Ranges of the arena, the last one first. Together they are all that is trained.
  package let buckets: [Range<Int>]

  /// Buckets start on multiples of this many floats (64 bytes).
  private static let alignment = 16

  /// Cuts the trained floats of an arena into buckets of `megabytes` (10⁶ bytes), the last of which, at the start, may be smaller.
  ///
  /// - Precondition: `trained` is not empty, `megabytes` is positive.
  package init(_ trained: Range<Int>, megabytes: Float) {
    precondition(!trained.isEmpty && megabytes > 0, "buckets of \(megabytes) MB for \(trained.count) floats")
    let floats = Int(megabytes * 1e6) / MemoryLayout<Float>.stride
    let size = max(Self.alignment, floats / Self.alignment * Self.alignment)
    buckets = stride(from: trained.upperBound, to: trained.lowerBound, by: -size).map {
      max(trained.lowerBound, $0 - size)..<$0
    }
  }

  /// Floats of the largest bucket.
  package var capacity: Int { buckets.map(\.count).max() ?? 0 }
}
