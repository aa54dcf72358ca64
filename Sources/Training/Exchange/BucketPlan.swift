/// How the gradient arena is cut into the pieces that ranks exchange, in the order in which backward completes them.
package struct BucketPlan: Equatable {
  /// Ranges of the arena, the last one first. Together they are all that is trained.
  package let buckets: [Range<Int>]

  /// Those that hold running averages: the first ones.
  package let averageBuckets: Int

  /// Buckets start on multiples of this many floats (64 bytes).
  private static let alignment = 16

  /// Cuts the trained floats of an arena into buckets of `megabytes` (10⁶ bytes); the last one of averages, and the last of all, at the start, may be smaller.
  ///
  /// - Parameter averages: where running averages lie, behind all other floats, which share no bucket with them.
  /// - Precondition: `trained` is not empty, `megabytes` is positive.
  package init(_ trained: Range<Int>, averages: Range<Int> = 0..<0, megabytes: Float) {
    precondition(!trained.isEmpty && megabytes > 0, "buckets of \(megabytes) MB for \(trained.count) floats")
    let floats = Int(megabytes * 1e6) / MemoryLayout<Float>.stride
    let size = max(Self.alignment, floats / Self.alignment * Self.alignment)
    func cut(_ range: Range<Int>) -> [Range<Int>] {
      stride(from: range.upperBound, to: range.lowerBound, by: -size).map { max(range.lowerBound, $0 - size)..<$0 }
    }
    let border = averages.isEmpty ? trained.upperBound : min(trained.upperBound, averages.lowerBound)
    let ofAverages = cut(border..<trained.upperBound)
    averageBuckets = ofAverages.count
    buckets = ofAverages + cut(trained.lowerBound..<border)
  }

  /// Floats of the largest bucket.
  package var capacity: Int { buckets.map(\.count).max() ?? 0 }
}
