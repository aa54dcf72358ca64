import Exchange
import Foundation
import Kernels
import MessagePassing
import Randomness
import Tensors
import Testing

struct GradientTreeTests {
  /// Two halves, the larger one first.
  private func halves(_ leaves: ArraySlice<[Float]>) -> [Float] {
    if leaves.count == 1 { return leaves[leaves.startIndex] }
    let left = (leaves.count + 1) / 2
    return zip(halves(leaves.prefix(left)), halves(leaves.dropFirst(left))).map { $0 + $1 }
  }

  /// The tree as it is documented: powers of two at the bottom, above them halves.
  private func sum(_ leaves: [[Float]]) -> [Float] {
    let size = 1 << leaves.count.trailingZeroBitCount
    return halves(stride(from: 0, to: leaves.count, by: size).map { halves(leaves[$0..<$0 + size]) }[...])
  }

  /// More values than one piece of the parallel addition, in two parameters.
  private let layout: VariableLayout = {
    var layout = VariableLayout()
    _ = layout.add("kernel", .kernel(height: 3, width: 3, input: 47, output: 211), start: .random, update: .weight)
    _ = layout.add("bias", .vector(count: 211), start: .constant(0), update: .bias(rateMultiplier: 2))
    return layout
  }()

  /// Half of the layout's values.
  private static let largestLayer = 44_000

  @Test(arguments: 1...9, [1, 2])
  func `The sum follows the tree bit for bit, iteration after iteration`(count: Int, threads: Int) throws {
    let tree = GradientTree(
      layout, largestLayer: Self.largestLayer, share: SummationOrder(count: count).share(0..<count))
    let context = ExecutionContext(
      pool: ThreadPool(threadCount: threads), kernels: Kernels.available.last!, scratch: ScratchSize())
    var random = RandomStream(seed: 3, purpose: .test, key: UInt64(count))
    for _ in 1...2 {
      // Sizes far apart, so that another order of additions gives other bits.
      let leaves = (0..<count).map { _ in
        (0..<layout.arenaCount).map { _ in random.uniform(-1, 1) * Float(1 << random.integer(below: 20)) }
      }
      tree.reset()
      for leaf in leaves {
        // As backward completes it: from the end, in layers of any size.
        var end = leaf.count
        while end > 0 {
          let start = max(0, end - 1 - random.integer(below: Self.largestLayer))
          tree.leaf.show(start..<end, of: [])
          leaf.withUnsafeBufferPointer {
            tree.leaf.at(start..<end).update(from: $0.baseAddress! + start, count: end - start)
          }
          tree.add(start..<end, context: context)
          end = start
        }
        if !tree.isAtLastLeaf { tree.endLeaf() }
      }
      #expect(tree.pieces.count == 1)
      let result = tree.pieces[0].values
      let followsTree = zip(result, sum(leaves)).allSatisfy { $0.bitPattern == $1.bitPattern }
      #expect(followsTree)
      if count > 3 {
        let inOrder = leaves.dropFirst().reduce(leaves[0]) { zip($0, $1).map { $0 + $1 } }
        let followsOrder = result.elementsEqual(inOrder)
        #expect(!followsOrder, "another order of additions should show")
      }
    }
  }

  /// The last micro-batch of a subtree needs no arena of its own.
  @Test func `The stack is no deeper than a binary counter has digits behind its first`() {
    for leaves in 1...1000 {
      let depth = SummationOrder(count: leaves).share(0..<leaves).depth
      #expect(depth == max(1, Int(log2(Double(leaves)))), "\(leaves) leaves")
    }
  }
}
