import CKernels

/// Convolutions around their products: column matrices, biases and activations, results of products.
extension Kernels {
  /// Part of a column matrix, row-major.
  package func gatherColumns(
    _ geometry: GatherGeometry, source: UnsafePointer<Float>, rows: Range<Int>, columns: Range<Int>,
    into matrix: UnsafeMutablePointer<Float>
  ) {
    precondition(
      rows.lowerBound >= 0 && columns.lowerBound >= 0 && columns.upperBound <= geometry.columns,
      "columns \(columns) of \(geometry.columns)")
    withUnsafePointer(to: geometry.c) {
      table.pointee.gather_columns(
        $0, source, rows.lowerBound, rows.upperBound, columns.lowerBound, columns.upperBound, matrix)
    }
  }

  /// y[r][c] += bias[c], unless there is none, then kept in the bounds.
  package func addBias(
    _ bias: UnsafePointer<Float>?, _ bounds: Bounds, to y: UnsafeMutablePointer<Float>, rows: Int, channels: Int
  ) {
    precondition(rows >= 0 && channels > 0, "\(rows) rows of \(channels) channels")
    table.pointee.add_bias(rows, channels, bias, bounds.c, y)
  }

  /// dy[r][c] = 0 where the activation is flat, told by `output` if there is one; sums[c] = Σ_r dy[r][c].
  package func biasGradient(
    rows: Int, channels: Int, output: UnsafePointer<Float>?, _ bounds: Bounds, gradient: UnsafeMutablePointer<Float>,
    into sums: UnsafeMutablePointer<Float>
  ) {
    precondition(rows >= 0 && channels > 0, "\(rows) rows of \(channels) channels")
    table.pointee.bias_gradient(rows, channels, output, bounds.c, gradient, sums)
  }

  /// The transpose of packing a panel, as far as the matrix goes.
  package func unpackPanel(
    _ panel: UnsafePointer<Float>, columnCount: Int, firstColumn: Int, rows: Range<Int>,
    into matrix: UnsafeMutablePointer<Float>
  ) {
    precondition(
      rows.lowerBound >= 0 && (0..<columnCount).contains(firstColumn), "column \(firstColumn) of \(columnCount)")
    table.pointee.unpack_panel(panel, columnCount, firstColumn, rows.lowerBound, rows.upperBound, matrix)
  }

  /// The transpose of Winograd's kernel transform, for rows and the 32 columns from `firstColumn` on of a kernel [3][3][inputs][outputs].
  package func winogradKernelGradient(
    _ tile: WinogradTile, _ components: UnsafePointer<Float>, componentStride: Int, inputs: Int, outputs: Int,
    firstColumn: Int, rows: Range<Int>, into kernel: UnsafeMutablePointer<Float>
  ) {
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= inputs && (0..<outputs).contains(firstColumn),
      "rows \(rows) of \(inputs), column \(firstColumn) of \(outputs)")
    table.pointee.winograd_kernel_gradient(
      tile.rawValue, components, componentStride, inputs, outputs, firstColumn, rows.lowerBound, rows.upperBound, kernel
    )
  }
}
