import Kernels
import Tensors

/// The matrix [pixels, kernel · kernel · channels] that turns a convolution into a matrix product (im2col). It is never whole in
/// memory: blocks of rows are gathered into scratch when they are needed.
struct ColumnMatrix {
  let pixels: Int
  let columnCount: Int
  private let kernel: Int
  private let channels: Int
  private let isIdentity: Bool
  private let targetHeight: Int
  private let targetWidth: Int
  private let up: Int
  private let down: Int
  private let offset: (y: Int, x: Int)
  private let step: Int

  /// Row (y, x), tap (u, v) reads the source pixel ((y, x) · up + offset + (u, v) · step) / down, zero outside the source.
  /// `isIdentity` says that row p is simply source pixel p.
  init(
    targetHeight: Int, targetWidth: Int, pixels: Int, kernel: Int, channels: Int, up: Int, down: Int,
    offset: (y: Int, x: Int),
    step: Int,
    isIdentity: Bool
  ) {
    self.targetHeight = targetHeight
    self.targetWidth = targetWidth
    self.pixels = pixels
    self.kernel = kernel
    self.channels = channels
    self.up = up
    self.down = down
    self.offset = offset
    self.step = step
    self.isIdentity = isIdentity
    columnCount = kernel * kernel * channels
  }

  /// Floats of a gathered block that stays in the second-level cache until the product reads it: 512 KiB.
  private static let cachedCount = 1 << 17
  /// Rows that are worth the packing of the weights for a product, even where the block then leaves that cache.
  private static let worthwhileRows = 384

  /// Rows of a block: a function of the shape alone. At least four blocks where rows allow it, so that threads have work.
  var rowsPerBlock: Int {
    max(1, min(max(Self.worthwhileRows, Self.cachedCount / columnCount), max(32, (pixels + 3) / 4)))
  }

  /// Floats of scratch that a block takes.
  var scratchCount: Int { isIdentity ? 0 : min(rowsPerBlock, pixels) * columnCount }

  /// Calls `body(rows, block)` for all blocks, in parallel.
  func forEachBlock(of source: Tensor, context: ExecutionContext, _ body: (_ rows: Range<Int>, _ block: Matrix) -> Void)
  {
    context.pool.forEachRange(pixels, grain: rowsPerBlock) { rows, worker in
      body(rows, block(rows, columns: 0..<columnCount, of: source, scratch: context.scratch(worker: worker), context))
    }
  }

  /// The submatrix `rows` × `columns`, gathered into `scratch` unless the source already holds it.
  func block(
    _ rows: Range<Int>, columns: Range<Int>, of source: Tensor, scratch: UnsafeMutablePointer<Float>,
    _ context: ExecutionContext
  ) -> Matrix {
    if isIdentity {
      return Matrix(
        source.data + rows.lowerBound * channels + columns.lowerBound, rows: rows.count, columns: columns.count,
        stride: channels)
    }
    let geometry = GatherGeometry(
      source: (source.shape.height, source.shape.width, channels), target: (targetHeight, targetWidth), kernel: kernel,
      up: up, down: down, offset: offset, step: step)
    context.kernels.gatherColumns(geometry, source: source.data, rows: rows, columns: columns, into: scratch)
    return Matrix(scratch, rows: rows.count, columns: columns.count)
  }
}

/// How the weight gradient columns(x)ᵀ · dy is split: into `parts` ranges of pixels, whose sums are added in order, times
/// `rowBlocks` blocks of rows of the gradient. Both depend on the shape alone, so that the bits do not depend on threads.
struct WeightGradientPartition {
  let parts: Int
  let rowBlocks: Int
  let pixelsPerGather: Int
  private let pixelCount: Int
  private let rowCount: Int
  private let gradientCount: Int
  private let gathers: Bool

  /// Tasks that keep eight threads busy without much imbalance.
  private static let taskGoal = 16
  /// Floats of all partial sums together: 16 MiB.
  private static let partialLimit = 1 << 22
  /// Pixels that make a partial sum worth its memory traffic.
  private static let pixelsPerPart = 512

  /// Floats of a gathered block: 8 MiB.
  private static let gatherCount = 1 << 21

  init(layer: Convolution, pixels: Int) {
    pixelCount = pixels
    rowCount = layer.taps * layer.inputChannels
    gradientCount = rowCount * layer.outputChannels
    gathers = !layer.isPointwise
    let affordable = min(Self.partialLimit / gradientCount, (pixels + Self.pixelsPerPart - 1) / Self.pixelsPerPart)
    parts = max(1, min(Self.taskGoal, affordable))
    rowBlocks = min(rowCount, (Self.taskGoal + parts - 1) / parts)
    pixelsPerGather = max(1, Self.gatherCount / ((rowCount + rowBlocks - 1) / rowBlocks))
  }

  func pixels(_ part: Int) -> Range<Int> { pixelCount * part / parts..<pixelCount * (part + 1) / parts }

  func rows(_ block: Int) -> Range<Int> { rowCount * block / rowBlocks..<rowCount * (block + 1) / rowBlocks }

  /// Floats of one gathered block.
  var columnCount: Int {
    gathers ? min(pixelsPerGather, (pixelCount + parts - 1) / parts) * ((rowCount + rowBlocks - 1) / rowBlocks) : 0
  }

  /// Floats of the partial sums.
  var partialCount: Int { parts == 1 ? 0 : parts * gradientCount }
}

/// result[i] = Σ_part parts[part][i], added in the order of the parts.
func sumParts(
  _ partial: UnsafeMutablePointer<Float>, parts: Int, into result: UnsafeMutableBufferPointer<Float>,
  context: ExecutionContext
) {
  let count = result.count
  context.pool.forEachRange(count, grain: 16_384) { range, _ in
    let target = result.baseAddress! + range.lowerBound
    target.update(from: partial + range.lowerBound, count: range.count)
    for part in 1..<max(parts, 1) {
      context.kernels.add(partial + part * count + range.lowerBound, to: target, count: range.count)
    }
  }
}

/// Writes the rows `resultRows` of the transpose of a row-major matrix, in tiles that stay in the first-level cache.
func transpose(
  _ matrix: UnsafeMutablePointer<Float>, rows: Int, columns: Int, into result: UnsafeMutablePointer<Float>,
  resultRows: Range<Int>
) {
  let tile = 32
  for firstColumn in stride(from: resultRows.lowerBound, to: resultRows.upperBound, by: tile) {
    for firstRow in stride(from: 0, to: rows, by: tile) {
      for column in firstColumn..<min(firstColumn + tile, resultRows.upperBound) {
        for row in firstRow..<min(firstRow + tile, rows) {
          result[column * rows + row] = matrix[row * columns + column]
        }
      }
    }
  }
}
