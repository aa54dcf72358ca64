/// Places blocks that live for a known part of an iteration in one buffer, so that blocks never overlap in memory while both live.
package struct MemoryPlan {
  /// A block: its size in bytes and the first and last step at which it is used.
  package struct Block {
    package let byteCount: Int
    package let lifetime: ClosedRange<Int>

    package init(byteCount: Int, lifetime: ClosedRange<Int>) {
      self.byteCount = byteCount
      self.lifetime = lifetime
    }
  }

  /// Where each block starts, in bytes.
  package let offsets: [Int]
  /// Bytes of the buffer.
  package let byteCount: Int

  /// Blocks start on multiples of this many bytes.
  private static let alignment = 64

  /// Places the largest block first, each at the lowest offset that is free during its life.
  package init(_ blocks: [Block]) {
    var offsets = [Int](repeating: 0, count: blocks.count)
    var placed: [(range: Range<Int>, lifetime: ClosedRange<Int>)] = []
    let order = blocks.indices.sorted {
      (blocks[$0].byteCount, blocks[$1].lifetime.lowerBound, $1) > (
        blocks[$1].byteCount, blocks[$0].lifetime.lowerBound, $0
      )
    }
    for index in order {
      let block = blocks[index]
      let size = (block.byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
      var offset = 0
      for other in placed.filter({ $0.lifetime.overlaps(block.lifetime) }).sorted(by: {
        $0.range.lowerBound < $1.range.lowerBound
      }) {
        if other.range.lowerBound >= offset + size { break }
        offset = max(offset, other.range.upperBound)
      }
      offsets[index] = offset
      placed.append((offset..<offset + size, block.lifetime))
    }
    self.offsets = offsets
    byteCount = placed.map(\.range.upperBound).max() ?? 0
  }
}
