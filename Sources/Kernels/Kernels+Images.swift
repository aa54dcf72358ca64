import CKernels

/// Images of pixels [red, green, blue]; results are the same with every instruction set.
extension Kernels {
  /// samples[i] = factor · samples[i] + term, to the nearest integer, ties to even, and into 0 … 255.
  package func scaleSamples(_ samples: UnsafeMutableBufferPointer<UInt8>, factor: Float, term: Float) {
    table.pointee.scale_samples(samples.count, factor, term, samples.baseAddress)
  }

  /// Multiplies the saturation, rounded and kept in 0 … 255 likewise. Hue 0 … 179, saturation and value 0 … 255 are those of OpenCV's
  /// COLOR_RGB2HSV and COLOR_HSV2RGB, which reads a hue of 180 or more modulo 180.
  package func scaleSaturation(_ samples: UnsafeMutableBufferPointer<UInt8>, factor: Float) {
    table.pointee.scale_saturation(pixels(samples), factor, samples.baseAddress)
  }

  /// Adds to the hue, in steps of 2 degrees, likewise.
  package func turnHue(_ samples: UnsafeMutableBufferPointer<UInt8>, by term: Float) {
    table.pointee.turn_hue(pixels(samples), term, samples.baseAddress)
  }

  private func pixels(_ samples: UnsafeMutableBufferPointer<UInt8>) -> Int {
    precondition(samples.count.isMultiple(of: 3), "\(samples.count) samples are no whole pixels")
    return samples.count / 3
  }

  /// result[i] = Σ_k weights[k] · (rows[k · rowStride + i] − zeros[i]).
  ///
  /// - Precondition: there are weights, and as many rows of as many samples as there are zeros.
  package func blendRows(
    weights: UnsafeBufferPointer<Float>, rows: UnsafeBufferPointer<UInt8>, rowStride: Int, zeros: [Float],
    into result: UnsafeMutablePointer<Float>
  ) {
    precondition(
      !weights.isEmpty && rows.count >= (weights.count - 1) * rowStride + zeros.count,
      "\(weights.count) rows of \(zeros.count) samples, \(rowStride) apart, in \(rows.count)")
    table.pointee.blend_rows(
      zeros.count, weights.count, weights.baseAddress, rows.baseAddress, rowStride, zeros, result)
  }

  /// Pixel c of the result = Σ_k weights[offset[c] + k] · pixel first[c] + k of the row, k < offset[c + 1] − offset[c], kept in lowest[0 ..< 3] …
  /// highest[0 ..< 3]. Reads one float behind the last pixel of the row.
  package func blendColumns(
    count: Int, first: [Int], offset: [Int], weights: [Float], row: UnsafePointer<Float>, lowest: [Float],
    highest: [Float], into result: UnsafeMutablePointer<Float>
  ) {
    precondition(
      first.count >= count && offset.count > count && offset[count] <= weights.count && lowest.count == 3
        && highest.count == 3, "\(count) pixels of \(first.count), \(weights.count) weights")
    table.pointee.blend_columns(count, first, offset, weights, row, lowest, highest, result)
  }
}
