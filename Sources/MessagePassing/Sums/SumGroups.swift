/// The groups in which the ranks of a job add: in several levels, those of a machine first.
///
/// Ranks are numbers of several digits, the innermost level's first. The ranks of a group differ in the digit of its level alone. On a level
/// each member receives one part of the values of all others, adds, and goes on to the next level with that part. A group of 2^k consecutive
/// ranks that hold subtrees of ``SummationOrder`` of one size so holds the next subtree: the bits are those of one process, whatever the
/// sizes of groups.
package struct SumGroups: Sendable, Equatable {
  /// A level: `size` ranks in each group, which are `distance` apart.
  package struct Level: Sendable, Equatable {
    package let size: Int
    package let distance: Int
    /// How the members' subtrees are added.
    package let order: SummationOrder
  }

  /// All ranks.
  package let worldSize: Int
  /// The innermost level first.
  package let levels: [Level]

  /// Groups of the given sizes, the innermost first.
  ///
  /// - Precondition: their product is the number of ranks.
  package init(sizes: [Int]) {
    precondition(sizes.allSatisfy { $0 > 1 }, "groups of \(sizes)")
    var levels: [Level] = []
    var distance = 1
    for size in sizes {
      levels.append(Level(size: size, distance: distance, order: SummationOrder(count: size)))
      distance *= size
    }
    (worldSize, self.levels) = (distance, levels)
  }

  /// The largest group, but for an odd factor of the number of ranks.
  private static let largest = 16

  /// The groups that `worldSize` ranks form by themselves: first inside a machine, then in levels of nearly equal sizes, last the odd factor.
  ///
  /// - Parameter ranksOnHosts: of each machine, in the order of its first rank; nothing where the ranks of a machine are not consecutive.
  package static func sizes(worldSize: Int, ranksOnHosts: [Int]) -> [Int] {
    let twos = worldSize.trailingZeroBitCount
    let inside = min(twos, ranksOnHosts.map(\.trailingZeroBitCount).min() ?? 0)
    let odd = worldSize >> twos
    return split(inside) + split(twos - inside) + (odd > 1 ? [odd] : [])
  }

  /// Nearly equal factors of a power of two, the larger ones first.
  private static func split(_ twos: Int) -> [Int] {
    let most = largest.trailingZeroBitCount
    let count = (twos + most - 1) / most
    return (0..<count).map { 1 << ((twos + count - 1 - $0) / count) }
  }

  /// Whether each rank's terms are one subtree of the order, and each level's groups make whole subtrees of theirs.
  ///
  /// - Parameter order: the tree of all terms, which the ranks share evenly.
  package func fit(_ order: SummationOrder) -> Bool {
    guard order.merges.count.isMultiple(of: worldSize),
      order.shares(worldSize: worldSize).allSatisfy({ $0.pieces.count == 1 })
    else { return false }
    // The merges behind each rank's piece are those of the levels, where its digits end a subtree.
    let pieces = order.shares(worldSize: worldSize).map { $0.pieces[0] }
    return pieces == (0..<worldSize).map(merges(behind:))
  }

  /// How many subtrees end with a rank's piece, along the levels.
  private func merges(behind rank: Int) -> Int {
    var count = 0
    for level in levels {
      let digit = rank / level.distance % level.size
      count += level.order.merges[digit]
      if digit < level.size - 1 { return count }
    }
    return count
  }

  /// The ranks of a rank's group, by their digits.
  package func members(_ level: Int, of rank: Int) -> [Int] {
    let (size, distance) = (levels[level].size, levels[level].distance)
    let first = rank - digit(level, of: rank) * distance
    return (0..<size).map { first + $0 * distance }
  }

  /// A rank's place in its group.
  package func digit(_ level: Int, of rank: Int) -> Int { rank / levels[level].distance % levels[level].size }

  /// What a rank holds before each level, and behind the last one, of so many values.
  package func ranges(count: Int, of rank: Int) -> [Range<Int>] {
    levels.indices.reduce(into: [0..<count]) { ranges, level in
      ranges.append(Self.parts(of: ranges[level], levels[level].size)[digit(level, of: rank)])
    }
  }

  /// A range in parts, which begin at multiples of sixteen values behind its start.
  package static func parts(of range: Range<Int>, _ count: Int) -> [Range<Int>] {
    let unit = 16
    let units = (range.count + unit - 1) / unit
    return (0..<count).map { part in
      range.lowerBound + min(range.count, units * part / count * unit)..<range.lowerBound
        + min(range.count, units * (part + 1) / count * unit)
    }
  }

  /// Other ranks that a rank talks to.
  package var peers: Int { levels.reduce(0) { $0 + $1.size - 1 } }

  /// Values that a rank receives at most on one level, for sums of up to `capacity` values.
  package func received(capacity: Int) -> Int {
    var (largest, count) = (0, capacity)
    for level in levels {
      let part = Self.parts(of: 0..<count, level.size).map(\.count).max() ?? 0
      largest = max(largest, (level.size - 1) * part)
      count = part
    }
    return largest
  }
}
