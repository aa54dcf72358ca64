import MessagePassing
import Testing

struct SummationOrderTests {
  /// The tree as text: ((0+1)+2).
  private func tree(_ terms: [String]) -> String {
    var stack: [String] = []
    for (term, merges) in zip(terms, SummationOrder(count: terms.count).merges) {
      stack.append(term)
      for _ in 0..<merges {
        let right = stack.removeLast()
        stack.append("(\(stack.removeLast())+\(right))")
      }
    }
    #expect(stack.count == 1)
    return stack[0]
  }

  @Test func treesOfAFewTerms() {
    #expect(tree(["0"]) == "0")
    #expect(tree(["0", "1", "2"]) == "((0+1)+2)")
    #expect(tree(["0", "1", "2", "3"]) == "((0+1)+(2+3))")
    #expect(tree((0..<6).map(String.init)) == "(((0+1)+(2+3))+(4+5))")
  }

  /// The tree as ranks build it: each adds what it can, then the pieces come together in rank order.
  private func tree(_ terms: [String], ranks: Int) -> (tree: String, pieces: [Int]) {
    let shares = SummationOrder(count: terms.count).shares(worldSize: ranks)
    let each = terms.count / ranks
    var stack: [String] = []
    func merge(_ stack: inout [String]) {
      let right = stack.removeLast()
      stack.append("(\(stack.removeLast())+\(right))")
    }
    for (rank, share) in shares.enumerated() {
      var own: [String] = []
      for (term, merges) in zip(terms[rank * each..<(rank + 1) * each], share.merges) {
        own.append(term)
        for _ in 0..<merges { merge(&own) }
        #expect(own.count <= share.depth)
      }
      #expect(own.count == share.pieces.count)
      for (piece, merges) in zip(own, share.pieces) {
        stack.append(piece)
        for _ in 0..<merges { merge(&stack) }
      }
    }
    #expect(stack.count == 1)
    return (stack[0], shares.map(\.pieces.count))
  }

  @Test func anyNumberOfRanksBuildsTheTreeOfAll() {
    for count in 1...64 {
      let terms = (0..<count).map(String.init)
      for ranks in 1...count where count.isMultiple(of: ranks) {
        let result = tree(terms, ranks: ranks)
        #expect(result.tree == tree(terms), "\(count) terms, \(ranks) ranks")
        if count >> count.trailingZeroBitCount == ranks >> ranks.trailingZeroBitCount {
          #expect(result.pieces.allSatisfy { $0 == 1 }, "\(count) terms, \(ranks) ranks")
        }
      }
    }
  }
}
