import CKernels

/// Maps and kernels of convolutions as operands of products, and products as maps.
extension MapKernels {
  /// Rows of a column matrix as blocks of a left operand.
  ///
  /// - Parameter sumsRows: whether products sum over rows.
  package func gatherBlocks(
    _ geometry: GatherGeometry, source: UnsafeRawPointer, rows: Range<Int>, sumsRows: Bool,
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
    _ x: UnsafeRawPointer, channels: Int, imageRows: Int, _ reading: Normalization?, rows: Range<Int>,
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
    rows: Int, channels: Int, output: UnsafeRawPointer?, _ bounds: Bounds, gradient: UnsafeMutableRawPointer,
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
    rows: Int, channels: Int, _ x: UnsafeRawPointer, _ normalization: NormalizationGradient,
    outputGradient: UnsafeRawPointer, into blocks: UnsafeMutablePointer<Float>, blockStride: Int,
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
    rows: Int, channels: Int, _ x: UnsafeRawPointer, _ normalization: NormalizationGradient,
    outputGradient: UnsafeRawPointer, into gradient: UnsafeMutableRawPointer,
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

  /// The transpose of gathering: adds panels of products, one for each tap, to the pixels that the rows of the column matrix read; sets these to zero
  /// before, unless it accumulates.
  package func scatterPanel(
    _ geometry: GatherGeometry, _ panels: UnsafePointer<Float>, tapStride: Int, rows: Range<Int>, firstChannel: Int,
    images: Int, accumulates: Bool, into source: UnsafeMutableRawPointer
  ) {
    precondition(
      rows.lowerBound >= 0 && images > 0 && (0..<geometry.c.channels).contains(firstChannel),
      "rows \(rows), channel \(firstChannel) of \(geometry.c.channels)")
    withUnsafePointer(to: geometry.c) {
      table.pointee.scatter_panel(
        $0, panels, tapStride, rows.lowerBound, rows.upperBound, firstChannel, images, accumulates, source)
    }
  }

  func requireBlocks(_ rows: Range<Int>) {
    precondition(
      rows.lowerBound >= 0 && rows.lowerBound.isMultiple(of: Self.blockWidth)
        && rows.count.isMultiple(of: Self.blockWidth),
      "rows \(rows) are no whole blocks of \(Self.blockWidth)")
  }
}
