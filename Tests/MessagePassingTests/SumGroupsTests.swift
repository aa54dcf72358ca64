import MessagePassing
import Testing

struct SumGroupsTests {
  @Test(
    arguments: [
      (1, [1], []), (2, [2], [2]), (6, [6], [2, 3]), (7, [7], [7]), (64, [64], [8, 8]),
      (1024, Array(repeating: 8, count: 128), [8, 16, 8]), (96, Array(repeating: 8, count: 12), [8, 4, 3]),
      (12, [4, 8], [4, 3]), (8, [3, 5], [8]), (8, [], [8]), (32, [], [8, 4]),
    ] as [(Int, [Int], [Int])])
  func `Groups are those of machines first, then nearly equal ones`(ranks: Int, hosts: [Int], sizes: [Int]) {
    #expect(SumGroups.sizes(worldSize: ranks, ranksOnHosts: hosts) == sizes)
    #expect(SumGroups(sizes: sizes).worldSize == ranks)
  }

  @Test func `Ranks of a machine that are not consecutive form no group of their own`() throws {
    let order = SummationOrder(count: 8)
    #expect(try #require(RankLayout(hosts: [0, 0, 0, 0, 1, 1, 1, 1]).groups(order)).levels.map(\.size) == [4, 2])
    #expect(try #require(RankLayout(hosts: [0, 1, 0, 1, 0, 1, 0, 1]).groups(order)).levels.map(\.size) == [8])
  }

  /// Every way to write a number as a product of numbers above 1.
  private static func factorisations(_ number: Int) -> [[Int]] {
    if number == 1 { return [[]] }
    return (2...number).filter { number.isMultiple(of: $0) }.flatMap { size in
      factorisations(number / size).map { [size] + $0 }
    }
  }

  @Test func `Groups fit where each rank holds one subtree, in every number of levels`() {
    for terms in Array(1...64) + [96, 100, 384, 1024] {
      let order = SummationOrder(count: terms)
      for ranks in 2...max(2, terms) where terms.isMultiple(of: ranks) {
        let isOne = order.shares(worldSize: ranks).allSatisfy { $0.pieces.count == 1 }
        #expect((RankLayout(worldSize: ranks).groups(order) != nil) == isOne, "\(terms), \(ranks)")
        // As it is for every number of ranks that has the odd factor of the number of terms, and for those without one.
        let (odd, ofRanks) = (terms >> terms.trailingZeroBitCount, ranks >> ranks.trailingZeroBitCount)
        if odd == ofRanks { #expect(isOne, "\(terms), \(ranks)") }
      }
    }
    // Sizes of powers of two, in any order, and the odd factor last.
    for sizes in Self.factorisations(48) where sizes.dropLast().allSatisfy({ $0.nonzeroBitCount == 1 }) {
      #expect(SumGroups(sizes: sizes).fit(SummationOrder(count: 48)), "\(sizes)")
    }
    #expect(!SumGroups(sizes: [3, 16]).fit(SummationOrder(count: 48)))
  }

  @Test func `Older runs keep their tree, which is the same for powers of two`() {
    for count in 1...64 {
      let (old, new) = (SummationOrder(count: count, form: .halves), SummationOrder(count: count))
      if count.nonzeroBitCount == 1 || count < 6 || !count.isMultiple(of: 2) { #expect(old == new, "\(count)") }
    }
    #expect(SummationOrder(count: 6).merges == [0, 1, 0, 2, 0, 2])
    #expect(SummationOrder(count: 6, form: .halves).merges == [0, 1, 1, 0, 1, 2])
  }

  @Test(arguments: [[2], [3], [2, 2], [4, 3], [2, 8, 5], [16, 16, 16], [8, 4, 3125]])
  func `Ranges of a group are those of the level before, and all ranks cut alike`(sizes: [Int]) {
    let groups = SumGroups(sizes: sizes)
    // All ranks of small jobs, a few of large ones.
    let ranks = stride(from: 0, to: groups.worldSize, by: max(1, groups.worldSize / 9))
    for count in [0, 1, 15, 16, 17, 4096, 100_003] {
      for rank in ranks {
        let ranges = groups.ranges(count: count, of: rank)
        #expect(ranges[0] == 0..<count)
        for level in sizes.indices {
          let members = groups.members(level, of: rank)
          #expect(members[groups.digit(level, of: rank)] == rank && Set(members).count == sizes[level])
          let parts = members.map { groups.ranges(count: count, of: $0)[level + 1] }
          #expect(
            parts.first?.lowerBound == ranges[level].lowerBound && parts.last?.upperBound == ranges[level].upperBound)
          #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
          #expect(members.allSatisfy { groups.ranges(count: count, of: $0)[level] == ranges[level] })
        }
      }
    }
    #expect(groups.peers == sizes.reduce(0) { $0 + $1 - 1 })
  }
}
