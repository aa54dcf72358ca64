extension Image {
  /// Resizes by bilinear interpolation, subtracts the mean and optionally mirrors left to right.
  ///
  /// Pixels are squares with their centre at a half: output column x looks at input position
  /// (x + ½) · input width / output width − ½, clamped to the picture. There is no smoothing before shrinking. These are
  /// the rules of OpenCV's `INTER_LINEAR` and of PyTorch's `interpolate(mode="bilinear", align_corners=False)`; the
  /// result is not rounded to integers.
  ///
  /// ### Shapes
  /// `destination`: [height, width, 3], overwritten; values 0–255 minus `mean`.
  ///
  /// - Parameters:
  ///   - width: columns of the result.
  ///   - height: rows of the result.
  ///   - mean: red, green and blue on the scale 0–255.
  ///   - mirrored: whether column x of the result holds column width − 1 − x of the resized picture.
  ///   - destination: room for height · width · 3 values.
  /// - Precondition: `width` and `height` are positive.
  public func resize(
    width: Int, height: Int, subtracting mean: (Float, Float, Float), mirrored: Bool,
    into destination: UnsafeMutablePointer<Float>
  ) {
    precondition(width > 0 && height > 0, "cannot resize to \(width)×\(height) pixels")
    let columns = Interpolation.table(from: self.width, to: width)
    let rows = Interpolation.table(from: self.height, to: height)
    let samplesPerRow = self.width * 3
    pixels.withUnsafeBufferPointer { pixels in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: samplesPerRow) { blended in
        for (y, row) in rows.enumerated() {
          let (upper, lower) = (row.first * samplesPerRow, row.second * samplesPerRow)
          for sample in 0..<samplesPerRow {
            let above = Float(pixels[upper &+ sample])
            blended[sample] = above + (Float(pixels[lower &+ sample]) - above) * row.fraction
          }
          let output = destination + y * width * 3
          for (x, column) in columns.enumerated() {
            let (left, right) = (column.first &* 3, column.second &* 3)
            let pixel = output + (mirrored ? width - 1 - x : x) * 3
            pixel[0] = blended[left] + (blended[right] - blended[left]) * column.fraction - mean.0
            pixel[1] = blended[left &+ 1] + (blended[right &+ 1] - blended[left &+ 1]) * column.fraction - mean.1
            pixel[2] = blended[left &+ 2] + (blended[right &+ 2] - blended[left &+ 2]) * column.fraction - mean.2
          }
        }
      }
    }
  }
}

/// The two input positions that an output position lies between.
private struct Interpolation {
  let first: Int
  let second: Int
  /// The weight of `second`.
  let fraction: Float

  static func table(from inputCount: Int, to outputCount: Int) -> [Interpolation] {
    let scale = Double(inputCount) / Double(outputCount)
    return (0..<outputCount).map { output in
      let position = min(max((Double(output) + 0.5) * scale - 0.5, 0), Double(inputCount - 1))
      let first = Int(position)
      return Interpolation(
        first: first, second: min(first + 1, inputCount - 1), fraction: Float(position - Double(first)))
    }
  }
}
