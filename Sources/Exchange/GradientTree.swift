import MessagePassing
import Tensors

/// Adds the gradients of this rank's micro-batches along the fixed tree of ``SummationOrder``.
///
/// A process needs only as many arenas as the tree is deep: a stack of finished subtrees. A micro-batch is added layer by layer, while its
/// backward pass goes on, so that the gradient of one layer is all there is of it, and the sums of the last one can leave as soon as they are
/// complete.
package final class GradientTree {
  private let arenas: [VariableArena]
  /// Of micro-batches that are added at once.
  private let window: VariableArena
  private let share: SummationOrder.Share
  private let averages: Range<Int>
  private let wire: WireFormat
  private var leaves = 0
  private var depth = 0

  /// Allocates the stack for a rank's micro-batches.
  ///
  /// - Parameters:
  ///   - largestLayer: floats of the layer that has most of them.
  ///   - wire: what sums are rounded to, but for those of running averages.
  package init(
    _ layout: VariableLayout, largestLayer: Int, share: SummationOrder.Share, wire: WireFormat = .float32
  ) {
    self.share = share
    self.wire = wire
    averages = layout.averages
    arenas = (0..<share.depth).map { _ in VariableArena(layout) }
    window = VariableArena(layout, window: share.merges.contains { $0 > 0 } ? largestLayer : 0)
  }

  /// Bytes of the stack.
  package static func byteCount(_ layout: VariableLayout, largestLayer: Int, share: SummationOrder.Share) -> Int {
    let window = share.merges.contains { $0 > 0 } ? largestLayer + layout.averages.count : 0
    return (share.depth * layout.arenaCount + window) * MemoryLayout<Float>.stride
  }

  /// Whether the next micro-batch is the last.
  package var isAtLastLeaf: Bool { leaves == share.merges.count - 1 }

  /// Where the next micro-batch's backward writes its gradient.
  package var leaf: VariableArena {
    precondition(leaves < share.merges.count, "all \(leaves) micro-batches are added already")
    return share.merges[leaves] > 0 ? window : arenas[depth]
  }

  /// Adds a finished range of ``leaf`` to the tree. Of the last leaf ``pieces`` are complete there.
  package func add(_ range: Range<Int>, context: ExecutionContext) {
    for step in 0..<share.merges[leaves] {
      let sum = arenas[depth - 1 - step]
      let term = step == 0 ? leaf : arenas[depth - step]
      for (part, wire) in [(range.clamped(to: 0..<border), wire), (range.clamped(to: border..<Int.max), .float32)]
      where !part.isEmpty {
        let (sum, term) = (sum.at(part), term.at(part))
        context.pool.forEachRange(part.count, grain: 65_536) { piece, _ in
          wire.add(
            term + piece.lowerBound, to: sum + piece.lowerBound, count: piece.count, context.kernels)
        }
      }
    }
  }

  /// Goes on to the next micro-batch.
  package func endLeaf() {
    precondition(!isAtLastLeaf, "micro-batch \(leaves) is the last")
    depth += 1 - share.merges[leaves]
    leaves += 1
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
