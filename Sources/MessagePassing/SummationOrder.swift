/// The fixed binary tree along which a number of terms is added, for any number of processes that share them.
///
/// An even number of terms is two equal halves; an odd number is the larger half and the rest. When W = 2^k ranks hold equal runs
/// of consecutive terms, the tree of all terms is therefore the trees of the ranks, joined by the tree of W.
public struct SummationOrder: Sendable, Equatable {
  /// For each term, in order: how many times, once it lies on the stack, the two topmost subtrees become one.
  public let merges: [Int]
  /// The most subtrees on the stack.
  public let depth: Int

  /// The tree of `count` terms.
  ///
  /// - Precondition: `count` is positive.
  public init(count: Int) {
    precondition(count > 0, "a sum of \(count) terms")
    merges = Self.merges(count)
    var (height, depth) = (0, 0)
    for merge in merges {
      height += 1
      depth = max(depth, height)
      height -= merge
    }
    self.depth = depth
  }

  private static func merges(_ count: Int) -> [Int] {
    if count == 1 { return [0] }
    var merges = Self.merges((count + 1) / 2) + Self.merges(count / 2)
    merges[count - 1] += 1
    return merges
  }
}
