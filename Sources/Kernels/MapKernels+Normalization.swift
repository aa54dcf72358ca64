import CKernels

/// Maps whose numbers are still to be normalised.
extension MapKernels {
  /// y[r][c] = x[r][c], normalised, + addend[r][c], normalised, for rows of one image, with its gate. y may be x.
  package func normalize(
    rows: Int, channels: Int, _ x: UnsafeRawPointer, _ reading: Normalization,
    addend: (UnsafeRawPointer, Normalization)? = nil, into y: UnsafeMutableRawPointer
  ) {
    precondition(rows >= 0 && channels > 0, "\(rows) rows of \(channels) channels")
    withPointer(to: reading.c) { reading in
      withPointer(to: addend?.1.c) { addendReading in
        table.pointee.normalize(rows, channels, x, reading, addend?.0, addendReading, y)
      }
    }
  }

  /// sums[c] = Σ_r of x[r][c], normalised without a gate, · factors[r][c], or · 1 without factors.
  package func normalizedSums(
    rows: Int, channels: Int, _ x: UnsafeRawPointer, _ reading: Normalization, factors: UnsafeRawPointer?,
    into sums: UnsafeMutablePointer<Float>
  ) {
    precondition(rows >= 0 && channels > 0, "\(rows) rows of \(channels) channels")
    withPointer(to: reading.c) { table.pointee.normalized_sums(rows, channels, x, $0, factors, sums) }
  }

  /// With g = dy[r][c] · f′(scale[c] · x[r][c] + shift[c]): sums[0][c] = Σ_r g, sums[1][c] = Σ_r g · (x[r][c] − mean[c]).
  package func normalizationGradientSums(
    rows: Int, channels: Int, _ x: UnsafeRawPointer, _ reading: Normalization, mean: UnsafePointer<Float>,
    outputGradient: UnsafeRawPointer, into sums: UnsafeMutablePointer<Float>
  ) {
    precondition(rows >= 0 && channels > 0, "\(rows) rows of \(channels) channels")
    withPointer(to: reading.c) {
      table.pointee.normalization_gradient_sums(rows, channels, x, $0, mean, outputGradient, sums)
    }
  }
}
