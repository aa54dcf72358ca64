import Layers
import Tensors

/// Adds the gradients of micro-batches 0, 1, 2, … along a fixed balanced binary tree: ((0 + 1) + (2 + 3)) + ….
///
/// The order of additions depends on the number of micro-batches alone, not on who computed them, and a process needs only
/// log₂(micro-batches) + 1 arenas: a stack of finished subtrees, like the digits of a binary counter.
package final class GradientTree {
  private let arenas: [ParameterArena]
  private let leafCount: Int
  private var leaves = 0
  private var depth = 0

  /// Allocates the stack for `leaves` micro-batches.
  ///
  /// - Precondition: `leaves` is positive.
  package init(_ layout: ParameterLayout, leaves: Int) {
    leafCount = leaves
    arenas = (0..<Self.arenaCount(leaves: leaves)).map { _ in ParameterArena(layout) }
  }

  /// Arenas that a tree of `leaves` takes.
  package static func arenaCount(leaves: Int) -> Int {
    precondition(leaves > 0, "a tree of \(leaves) micro-batches")
    return Int.bitWidth - leaves.leadingZeroBitCount
  }

  /// Where the next micro-batch's backward writes its gradient.
  package var leaf: ParameterArena {
    precondition(leaves < leafCount, "all \(leafCount) micro-batches are added already")
    return arenas[depth]
  }

  /// Adds ``leaf`` to the tree.
  package func add(context: ExecutionContext) {
    leaves += 1
    depth += 1
    // Two subtrees of equal size on top of the stack become one; at the end, the rest of the stack collapses.
    let merges = leaves == leafCount ? depth - 1 : leaves.trailingZeroBitCount
    for _ in 0..<merges {
      depth -= 1
      let (sum, term) = (arenas[depth - 1].values, arenas[depth].values)
      context.pool.forEachRange(sum.count, grain: 65_536) { range, _ in
        context.kernels.table.add(
          range.count, term.baseAddress! + range.lowerBound, sum.baseAddress! + range.lowerBound)
      }
    }
  }

  /// The sum over all micro-batches of the iteration that has just ended.
  package var sum: ParameterArena {
    precondition(leaves == leafCount, "\(leaves) of \(leafCount) micro-batches are added")
    return arenas[0]
  }

  /// Forgets the sum, so that the next iteration can begin.
  package func reset() {
    leaves = 0
    depth = 0
  }
}
