import CKernels

/// Pooling and normalisation.
extension MapKernels {
  /// One row of the output of max pooling, and the place of each first maximum in its window (ky · kernel + kx).
  package func maxPoolRow(
    _ geometry: PoolingGeometry, image: UnsafeRawPointer, outputRow: Int, _ writing: MapWriting,
    into y: UnsafeMutableRawPointer, argmax: UnsafeMutablePointer<UInt8>
  ) {
    precondition((0..<geometry.c.output_height).contains(outputRow), "row \(outputRow) of \(geometry.c.output_height)")
    withUnsafePointer(to: geometry.c) { table.pointee.max_pool_row($0, image, outputRow, writing.c, y, argmax) }
  }

  /// One row of the input gradient of max pooling, from the output gradient and the places of the maxima of one image.
  package func maxPoolGradientRow(
    _ geometry: PoolingGeometry, outputGradient: UnsafeRawPointer, argmax: UnsafePointer<UInt8>, inputRow: Int,
    _ writing: MapWriting, into inputGradient: UnsafeMutableRawPointer
  ) {
    precondition((0..<geometry.c.input_height).contains(inputRow), "row \(inputRow) of \(geometry.c.input_height)")
    withUnsafePointer(to: geometry.c) {
      table.pointee.max_pool_gradient_row($0, outputGradient, argmax, inputRow, writing.c, inputGradient)
    }
  }

  /// y[r][c] = scale[c] · x[r][c] · inverseNorms[r], inverseNorms[r] = 1 / √(epsilon + Σ_c x[r][c]²).
  package func l2Normalize(
    rows: Int, channels: Int, epsilon: Float, scale: UnsafePointer<Float>, _ x: UnsafeRawPointer,
    into y: UnsafeMutableRawPointer, inverseNorms: UnsafeMutablePointer<Float>
  ) {
    precondition(rows >= 0 && channels > 0, "\(rows) rows of \(channels) channels")
    table.pointee.l2_normalize(rows, channels, epsilon, scale, x, y, inverseNorms)
  }

  /// The gradient of ``l2Normalize(rows:channels:epsilon:scale:_:into:inverseNorms:)``: that of x, where it is wanted, and
  /// scaleSums[c] = Σ_r dy[r][c] · x[r][c] · inverseNorms[r].
  package func l2NormalizeGradient(
    rows: Int, channels: Int, scale: UnsafePointer<Float>, _ x: UnsafeRawPointer,
    inverseNorms: UnsafePointer<Float>, outputGradient: UnsafeRawPointer, accumulates: Bool,
    into inputGradient: UnsafeMutableRawPointer?, scaleSums: UnsafeMutablePointer<Float>
  ) {
    precondition(rows >= 0 && channels > 0, "\(rows) rows of \(channels) channels")
    table.pointee.l2_normalize_gradient(
      rows, channels, scale, x, inverseNorms, outputGradient, accumulates, inputGradient, scaleSums)
  }
}
