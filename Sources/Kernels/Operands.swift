import CKernels

/// The kernels that lay out the operands of products of matrices, and multiply them, in one precision.
///
/// The left operand is [block][row][16]: blocks of 16 columns. The right operand and the products are panels [row][32] of 32 columns. An operand
/// consists of words of 32 bits: floats, or pairs of bfloat16 that are neighbours in the sum; strides and offsets count words. Products are float32.
/// `CKernelList.h` says what each kernel computes.
package struct Operands: @unchecked Sendable {
  /// Columns of a block.
  package static let blockWidth = 16
  /// Columns of a panel.
  package static let panelWidth = 32

  let table: UnsafePointer<ck_operand_table>
  /// Numbers in a word.
  package let summands: Int

  /// product = left · right, of `rows` rows and `blocks` blocks of columns.
  ///
  /// - Parameter columns: of the product; those behind are undefined.
  package func multiplyPanel(
    rows: Int, blocks: Int, left: UnsafePointer<Float>, blockStride: Int, right: UnsafePointer<Float>,
    columns: Int = panelWidth, accumulates: Bool, into product: UnsafeMutablePointer<Float>
  ) {
    precondition((1...Self.panelWidth).contains(columns), "\(columns) columns of a panel")
    precondition(
      rows >= 0 && blocks > 0 && (blocks == 1 || blockStride >= rows * Self.blockWidth / summands),
      "a product of \(rows) rows and \(blocks) blocks, \(blockStride) words apart")
    table.pointee.multiply_panel(rows, blocks, left, blockStride, right, columns, accumulates, product)
  }

  /// y[row][firstChannel …] = finish(left · right), or added to what is there.
  ///
  /// - Parameters:
  ///   - channels: of y, of which a panel is written.
  ///   - moments: of what `finish` applies f to, [mean over the rows, sum of squared deviations][channels]; nil where they are not wanted.
  package func multiplyToOutput(
    rows: Int, blocks: Int, left: UnsafePointer<Float>, blockStride: Int, right: UnsafePointer<Float>, channels: Int,
    firstChannel: Int, _ finish: Normalization, _ writing: MapWriting, moments: UnsafeMutablePointer<Float>? = nil,
    into y: UnsafeMutablePointer<Float>
  ) {
    requireProduct(rows: rows, blocks: blocks, blockStride: blockStride, channels: channels, firstChannel: firstChannel)
    precondition(
      finish.gate == nil && (moments == nil || (rows > 0 && writing != .adds)),
      "moments of \(rows) rows that are added to a map")
    withPointer(to: finish.c) {
      table.pointee.multiply_to_output(
        rows, blocks, left, blockStride, right, channels, firstChannel, $0, writing.c, moments, y)
    }
  }

  /// dx[row][firstChannel …] = left · right, or added to what is there.
  ///
  /// - Parameter sums: where those of ``Kernels/normalizationGradientSums(rows:channels:_:_:mean:outputGradient:into:)`` go, of a map and all of
  ///   dx; nil where they are not wanted.
  package func multiplyToInputGradient(
    rows: Int, blocks: Int, left: UnsafePointer<Float>, blockStride: Int, right: UnsafePointer<Float>, channels: Int,
    firstChannel: Int, _ writing: MapWriting,
    sums: (UnsafeMutablePointer<Float>, x: UnsafePointer<Float>, Normalization, mean: UnsafePointer<Float>)?,
    into inputGradient: UnsafeMutablePointer<Float>
  ) {
    requireProduct(rows: rows, blocks: blocks, blockStride: blockStride, channels: channels, firstChannel: firstChannel)
    withPointer(to: sums?.2.c) {
      table.pointee.multiply_to_input_gradient(
        rows, blocks, left, blockStride, right, channels, firstChannel, writing.c, sums?.x, $0, sums?.mean, sums?.0,
        inputGradient)
    }
  }

  private func requireProduct(rows: Int, blocks: Int, blockStride: Int, channels: Int, firstChannel: Int) {
    precondition((0..<channels).contains(firstChannel), "channel \(firstChannel) of \(channels)")
    precondition(
      rows >= 0 && blocks > 0 && (blocks == 1 || blockStride >= rows * Self.blockWidth / summands),
      "a product of \(rows) rows and \(blocks) blocks, \(blockStride) words apart")
  }

  /// product = leftᵀ · right, of `blocks` blocks of rows and `count` terms.
  ///
  /// - Parameters:
  ///   - rightStride: words between the two blocks of the right operand where it consists of such; nil where it is a panel.
  ///   - columns: of the product; those behind are undefined.
  package func multiplyTransposedPanel(
    blocks: Int, count: Int, left: UnsafePointer<Float>, blockStride: Int, right: UnsafePointer<Float>,
    rightStride: Int? = nil, columns: Int = panelWidth, accumulates: Bool, into product: UnsafeMutablePointer<Float>
  ) {
    let blockCount = (count + summands - 1) / summands * Self.blockWidth
    precondition((1...Self.panelWidth).contains(columns), "\(columns) columns of a panel")
    precondition(
      count >= 0 && blocks > 0 && (blocks == 1 || blockStride >= blockCount)
        && (rightStride ?? .max) >= max(1, blockCount),
      "a product of \(blocks) blocks and \(count) terms, \(blockStride) and \(rightStride ?? 0) words apart")
    table.pointee.multiply_transposed_panel(
      blocks, count, left, blockStride, right, rightStride ?? 0, columns, accumulates, product)
  }

  /// Rows of a column matrix as blocks of a left operand.
  ///
  /// - Parameter sumsRows: whether products sum over rows.
  package func gatherBlocks(
    _ geometry: GatherGeometry, source: UnsafePointer<Float>, rows: Range<Int>, sumsRows: Bool,
    into blocks: UnsafeMutablePointer<Float>, blockStride: Int
  ) {
    let count = (geometry.columns + Self.blockWidth - 1) / Self.blockWidth
    let words =
      sumsRows ? (rows.count + summands - 1) / summands * Self.blockWidth : rows.count * Self.blockWidth / summands
    precondition(
      rows.lowerBound >= 0 && (count == 1 || blockStride >= words), "rows \(rows) in blocks \(blockStride) words apart")
    withUnsafePointer(to: geometry.c) {
      if sumsRows {
        table.pointee.gather_summed_blocks($0, source, rows.lowerBound, rows.upperBound, blocks, blockStride)
      } else {
        table.pointee.gather_blocks($0, source, rows.lowerBound, rows.upperBound, blocks, blockStride)
      }
    }
  }

  /// Pixels of a map as blocks of a left operand, normalised when they are read.
  ///
  /// - Parameters:
  ///   - imageRows: pixels of an image, which share a gate.
  ///   - sumsRows: whether products sum over rows.
  package func pixelBlocks(
    _ x: UnsafePointer<Float>, channels: Int, imageRows: Int, _ reading: Normalization?, rows: Range<Int>,
    sumsRows: Bool, into blocks: UnsafeMutablePointer<Float>, blockStride: Int
  ) {
    precondition(rows.lowerBound >= 0 && channels > 0 && imageRows > 0, "rows \(rows) of \(channels) channels")
    withPointer(to: reading?.c) {
      let lay = sumsRows ? table.pointee.summed_pixel_blocks : table.pointee.pixel_blocks
      lay!(x, channels, imageRows, $0, rows.lowerBound, rows.upperBound, blocks, blockStride)
    }
  }

  /// Rows of 32 columns of a matrix as a panel, zeros beyond the matrix.
  ///
  /// - Parameters:
  ///   - rowCount, columnCount: of the matrix.
  ///   - rows: whole blocks of 16.
  ///   - isTransposed: whether memory holds the transpose.
  package func packPanel(
    _ matrix: UnsafePointer<Float>, rowCount: Int, columnCount: Int, firstColumn: Int, rows: Range<Int>,
    isTransposed: Bool, into panel: UnsafeMutablePointer<Float>
  ) {
    requireBlocks(rows)
    precondition(
      rowCount > 0 && (0..<(isTransposed ? rowCount : columnCount)).contains(firstColumn),
      "column \(firstColumn) of \(columnCount)")
    let pack = isTransposed ? table.pointee.pack_transposed_panel : table.pointee.pack_panel
    pack!(matrix, rowCount, columnCount, firstColumn, rows.lowerBound, rows.upperBound, panel)
  }

  /// The gradient of an output as panels of a right operand, after it was set to zero where the activation is flat, told by `output`; its sums over
  /// rows are added to those of the bias.
  package func packOutputGradient(
    rows: Int, channels: Int, output: UnsafePointer<Float>?, _ bounds: Bounds, gradient: UnsafeMutablePointer<Float>,
    into panels: UnsafeMutablePointer<Float>, panelStride: Int, biasSums: UnsafeMutablePointer<Float>
  ) {
    precondition(
      rows >= 0 && channels > 0
        && (channels <= Self.panelWidth || panelStride >= (rows + summands - 1) / summands * Self.panelWidth),
      "\(rows) rows of \(channels) channels in panels \(panelStride) words apart")
    table.pointee.panel_output_gradient(
      rows, channels, output, bounds.c, gradient, panels, panelStride, biasSums)
  }

  /// The gradient of what a normalisation has read as blocks of a left operand of products that sum over channels, and of an operand of those
  /// that sum over rows.
  ///
  /// - Parameter summed: nil where the same words serve both, as floats do.
  package func normalizedGradientBlocks(
    rows: Int, channels: Int, _ x: UnsafePointer<Float>, _ normalization: NormalizationGradient,
    outputGradient: UnsafePointer<Float>, into blocks: UnsafeMutablePointer<Float>, blockStride: Int,
    summed: (blocks: UnsafeMutablePointer<Float>, stride: Int)?
  ) {
    precondition(
      rows >= 0 && channels > 0 && (channels <= Self.blockWidth || blockStride >= rows * Self.blockWidth / summands)
        && (summed == nil) == (summands == 1),
      "\(rows) rows of \(channels) channels in blocks \(blockStride) words apart")
    if let summed {
      precondition(
        channels <= Self.blockWidth || summed.stride >= (rows + summands - 1) / summands * Self.blockWidth,
        "\(rows) rows of \(channels) channels in blocks \(summed.stride) words apart")
    }
    withPointer(to: normalization.c) {
      table.pointee.normalized_gradient_blocks(
        rows, channels, x, $0, outputGradient, blocks, blockStride, summed?.blocks, summed?.stride ?? 0)
    }
  }

  /// The gradient of what a normalisation has read, as rows, which may lie where that of the normalisation's result is, and as panels of a right
  /// operand. Its sums over rows are added to those of the bias.
  package func packNormalizedGradient(
    rows: Int, channels: Int, _ x: UnsafePointer<Float>, _ normalization: NormalizationGradient,
    outputGradient: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>,
    panels: UnsafeMutablePointer<Float>, panelStride: Int, biasSums: UnsafeMutablePointer<Float>
  ) {
    precondition(
      rows >= 0 && channels > 0
        && (channels <= Self.panelWidth || panelStride >= (rows + summands - 1) / summands * Self.panelWidth),
      "\(rows) rows of \(channels) channels in panels \(panelStride) words apart")
    withPointer(to: normalization.c) {
      table.pointee.panel_normalized_gradient(
        rows, channels, x, $0, outputGradient, gradient, panels, panelStride, biasSums)
    }
  }

  /// Winograd's transform of tiles of an input.
  package func winogradInput(
    _ map: TileMap, _ data: UnsafePointer<Float>, tiles: Range<Int>, sumsTiles: Bool,
    into components: UnsafeMutablePointer<Float>, componentStride: Int, blockStride: Int
  ) {
    precondition(tiles.lowerBound >= 0 && componentStride > 0 && blockStride > 0, "tiles \(tiles)")
    withUnsafePointer(to: map.c) {
      let transform = sumsTiles ? table.pointee.winograd_summed_input : table.pointee.winograd_input
      transform!($0, data, tiles.lowerBound, tiles.count, components, componentStride, blockStride)
    }
  }

  /// Winograd's transform of a kernel [3][3][inputs][outputs], or of the one turned by half a turn with the roles exchanged.
  ///
  /// - Parameter rows: whole blocks of 16.
  package func winogradKernel(
    _ kernel: UnsafePointer<Float>, inputs: Int, outputs: Int, firstColumn: Int, rows: Range<Int>, isTurned: Bool,
    into components: UnsafeMutablePointer<Float>, componentStride: Int
  ) {
    requireBlocks(rows)
    precondition(
      min(inputs, outputs) > 0 && (0..<(isTurned ? inputs : outputs)).contains(firstColumn),
      "column \(firstColumn) of a kernel \(inputs)×\(outputs)")
    let transform = isTurned ? table.pointee.winograd_turned_kernel : table.pointee.winograd_kernel
    transform!(
      kernel, inputs, outputs, firstColumn, rows.lowerBound, rows.upperBound, components, componentStride)
  }

  /// The transpose of Winograd's output transform, for tiles of a gradient that is set to zero where the activation is flat, told by `output`; its sums
  /// over pixels are added to those of the bias.
  package func winogradOutputGradient(
    _ map: TileMap, output: UnsafePointer<Float>?, _ bounds: Bounds, gradient: UnsafeMutablePointer<Float>,
    tiles: Range<Int>, into components: UnsafeMutablePointer<Float>, componentStride: Int, panelStride: Int,
    biasSums: UnsafeMutablePointer<Float>
  ) {
    precondition(tiles.lowerBound >= 0 && componentStride > 0 && panelStride > 0, "tiles \(tiles)")
    withUnsafePointer(to: map.c) {
      table.pointee.winograd_output_gradient(
        $0, output, bounds.c, gradient, tiles.lowerBound, tiles.count, components, componentStride, panelStride,
        biasSums)
    }
  }

  /// x[i] = factor · x[i] + term, `rounds` times over in registers; returns the number of multiply–adds, and their sum.
  package func multiplyAddPeak(rounds: Int, factor: Float, term: Float) -> (count: Int, sum: Float) {
    precondition(rounds >= 0, "\(rounds) rounds")
    var sum: Float = 0
    let count = table.pointee.multiply_add_peak(rounds, factor, term, &sum)
    return (count, sum)
  }

  private func requireBlocks(_ rows: Range<Int>) {
    precondition(
      rows.lowerBound >= 0 && rows.lowerBound.isMultiple(of: Self.blockWidth)
        && rows.count.isMultiple(of: Self.blockWidth),
      "rows \(rows) are no whole blocks of \(Self.blockWidth)")
  }
}
