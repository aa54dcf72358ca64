import MessagePassing
import Tensors

/// Adds the gradients of this rank's micro-batches along the fixed tree of ``SummationOrder``.
///
/// A process needs only as many arenas as the tree is deep: a stack of finished subtrees. The last micro-batch is added range by range,
/// while its backward pass goes on, so that sums can leave as soon as they are complete.
package final class GradientTree {
  private let arenas: [VariableArena]
  private let share: SummationOrder.Share
  private let trained: Range<Int>
  private let averages: Range<Int>
  private let wire: WireFormat
  private var leaves = 0
  private var depth = 0

  /// Allocates the stack for a rank's micro-batches.
  ///
  /// - Parameters:
  ///   - trained: the part of the arenas that is added; nil for all.
  ///   - wire: what sums are rounded to, but for those of running averages.
  package init(
    _ layout: VariableLayout, trained: Range<Int>? = nil, share: SummationOrder.Share, wire: WireFormat = .float32
  ) {
    self.share = share
    self.wire = wire
    averages = layout.averages
    self.trained = trained ?? 0..<layout.arenaCount
    arenas = (0..<share.depth).map { _ in VariableArena(layout) }
  }

  /// Whether the next micro-batch is the last.
  package var isAtLastLeaf: Bool { leaves == share.merges.count - 1 }

  /// Where the next micro-batch's backward writes its gradient.
  package var leaf: VariableArena {
    precondition(leaves < share.merges.count, "all \(leaves) micro-batches are added already")
    return arenas[depth]
  }

  /// Adds a finished range of the last ``leaf``: ``pieces`` are complete there.
  package func addLast(_ range: Range<Int>, context: ExecutionContext) {
    precondition(isAtLastLeaf, "micro-batch \(leaves) is not the last")
    merge(range, times: share.merges[leaves], below: depth, context: context)
  }

  /// Adds ``leaf`` to the tree.
  package func add(context: ExecutionContext) {
    precondition(!isAtLastLeaf, "the last micro-batch is added range by range")
    let merges = share.merges[leaves]
    merge(trained, times: merges, below: depth, context: context)
    leaves += 1
    depth += 1 - merges
  }

  /// Adds the topmost subtree, at `top`, to the one below it, and so on.
  private func merge(_ range: Range<Int>, times: Int, below top: Int, context: ExecutionContext) {
    for target in stride(from: top - 1, to: top - 1 - times, by: -1) {
      let (sum, term) = (arenas[target].values.baseAddress!, arenas[target + 1].values.baseAddress!)
      for (part, wire) in [(range.clamped(to: 0..<border), wire), (range.clamped(to: border..<Int.max), .float32)] {
        context.pool.forEachRange(part.count, grain: 65_536) { piece, _ in
          let at = part.lowerBound + piece.lowerBound
          wire.add(term + at, to: sum + at, count: piece.count, context.kernels)
        }
      }
    }
  }

  /// Where running averages begin, which lie behind all gradients.
  private var border: Int { averages.isEmpty ? Int.max : averages.lowerBound }

  /// What is left of this rank's micro-batches where the last one has been added: one sum, unless the tree wants terms of other ranks
  /// between them.
  package var pieces: [VariableArena] { Array(arenas.prefix(share.pieces.count)) }

  /// Forgets the sums, so that the next iteration can begin.
  package func reset() {
    leaves = 0
    depth = 0
  }
}
