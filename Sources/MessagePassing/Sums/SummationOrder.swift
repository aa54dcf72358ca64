/// The fixed binary tree along which a number of terms is added, for any number of processes that share them.
///
/// Of q · 2^e terms with an odd q, every 2^e are a perfect tree, and the q trees are added in halves, the larger first. So each of q · 2^k
/// ranks, or of 2^k where q is 1, that share the terms evenly holds a whole subtree. The sum is the same, bit for bit, whoever holds which
/// terms: a rank adds what it can without terms of others (``Share``), and the pieces that remain are added along the same tree.
package struct SummationOrder: Sendable, Equatable {
  /// For each term, in order: how many times, once it lies on the stack, the two topmost subtrees become one.
  package let merges: [Int]

  /// What a rank with a run of consecutive terms does.
  package struct Share: Sendable, Equatable {
    /// For each of the rank's terms: how many merges it does itself.
    package let merges: [Int]
    /// For each subtree that remains: how many merges follow it where all pieces come together.
    package let pieces: [Int]
    /// The most subtrees on the rank's stack, terms left out that become part of the one below at once.
    package let depth: Int
  }

  /// Trees of numbers that are no powers of two.
  package enum Form: Int, Sendable {
    /// Halves from the top, the odd factor at the bottom: that of runs that began before version 2 of the order.
    case halves = 1
    /// Powers of two at the bottom.
    case twosBelow = 2
  }

  /// The tree of `count` terms.
  ///
  /// - Precondition: `count` is positive.
  package init(count: Int, form: Form = .twosBelow) {
    precondition(count > 0, "a sum of \(count) terms")
    switch form {
    case .halves: merges = Self.merges(count)
    case .twosBelow:
      let size = 1 << count.trailingZeroBitCount
      let below = Self.merges(size)
      merges = Self.merges(count / size).flatMap { behind in
        below.indices.map { below[$0] + ($0 == size - 1 ? behind : 0) }
      }
    }
  }

  private static func merges(_ count: Int) -> [Int] {
    if count == 1 { return [0] }
    var merges = Self.merges((count + 1) / 2) + Self.merges(count / 2)
    merges[count - 1] += 1
    return merges
  }

  /// The part of a rank that holds the terms of `range`: one piece where the range is a subtree, as it is for each of 2^k ranks that share
  /// the terms evenly.
  package func share(_ range: Range<Int>) -> Share {
    var own: [Int] = []
    // Merges that follow the subtrees on the stack elsewhere; such a subtree is not touched here any more.
    var pieces: [Int] = []
    var depth = 0
    for term in range {
      pieces.append(0)
      var left = merges[term]
      while left > 0, pieces.count > 1, pieces[pieces.count - 2] == 0 {
        pieces.removeLast()
        left -= 1
      }
      own.append(merges[term] - left)
      depth = max(depth, pieces.count)
      pieces[pieces.count - 1] = left
    }
    return Share(merges: own, pieces: pieces, depth: depth)
  }

  /// The shares of `worldSize` ranks with equally many terms each.
  ///
  /// - Precondition: the number of terms is a multiple of `worldSize`.
  package func shares(worldSize: Int) -> [Share] {
    precondition(merges.count.isMultiple(of: worldSize), "\(merges.count) terms for \(worldSize) ranks")
    let each = merges.count / worldSize
    return (0..<worldSize).map { share($0 * each..<($0 + 1) * each) }
  }
}
