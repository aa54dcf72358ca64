/// How the gradient arena is cut into the pieces that ranks exchange, in the order in which backward completes them.
package struct BucketPlan: Equatable {
  /// Ranges of the arena, the last one first. Together they are all that is trained.
  package let buckets: [Range<Int>]

  /// Those that hold running averages: the first ones.
  package let averageBuckets: Int

  /// Buckets start on multiples of this many floats (64 bytes).
  private static let alignment = 16

  /// Sizes of buckets that fit the network: a sixteenth of all floats, within these bounds (8 MB and 256 KB).
  private static let sizes = 64_000...2_000_000

  /// Cuts the trained floats of an arena.
  ///
  /// - Parameters:
  ///   - averages: where running averages lie, behind all other floats, which share no bucket with them.
  ///   - megabytes: the size of buckets in 10⁶ bytes; the last one of averages, and the last of all, at the start, may be smaller. By default
  ///     the size fits the network, and buckets become smaller towards the start, half of what is left each: what is complete last has
  ///     nothing to hide behind.
  /// - Precondition: `trained` is not empty, `megabytes` is positive.
  package init(_ trained: Range<Int>, averages: Range<Int> = 0..<0, megabytes: Float? = nil) {
    precondition(!trained.isEmpty && megabytes ?? 1 > 0, "buckets of \(megabytes ?? 0) MB for \(trained.count) floats")
    /// Of the next bucket, where so many floats are left.
    func size(_ rest: Int) -> Int {
      let floats =
        megabytes.map { Int($0 * 1e6) / MemoryLayout<Float>.stride }
        ?? max(Self.sizes.lowerBound, min(Self.sizes.upperBound, trained.count / 16, rest / 2))
      return max(Self.alignment, floats / Self.alignment * Self.alignment)
    }
    func cut(_ range: Range<Int>) -> [Range<Int>] {
      var cuts: [Range<Int>] = []
      var end = range.upperBound
      while end > range.lowerBound {
        let start = max(range.lowerBound, end - size(end - range.lowerBound))
        cuts.append(start..<end)
        end = start
      }
      return cuts
    }
    let border = averages.isEmpty ? trained.upperBound : min(trained.upperBound, averages.lowerBound)
    let ofAverages = cut(border..<trained.upperBound)
    averageBuckets = ofAverages.count
    buckets = ofAverages + cut(trained.lowerBound..<border)
  }

  /// Floats of the largest bucket.
  package var capacity: Int { buckets.map(\.count).max() ?? 0 }
}
