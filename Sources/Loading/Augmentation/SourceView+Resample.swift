import Images
import Kernels

extension SourceView {
  /// Resamples what the view shows to the input of the network: (pixel − mean) · scale.
  ///
  /// Where the view reaches outside the image, the image continues with the mean, which is 0 after subtraction. Results are
  /// clamped to 0 … 255 before subtraction, because some interpolations overshoot; nothing is rounded.
  ///
  /// ### Shapes
  /// `destination`: [height, width, 3], overwritten.
  ///
  /// - Parameters:
  ///   - image: the image that the view belongs to.
  ///   - interpolation: along both axes.
  ///   - input: size, mean and scale.
  ///   - kernels: which ones does not matter to the result.
  ///   - destination: room for height · width · 3 values.
  /// - Precondition: the view has positive width and height.
  package func resample(
    _ image: Image, interpolation: Interpolation, to input: NetworkInput, kernels: Kernels,
    into destination: UnsafeMutablePointer<Float>
  ) {
    precondition(width > 0 && height > 0, "a view of \(width)×\(height) pixels shows nothing")
    let columns = AxisWeights(
      start: x, length: width, inputCount: image.width, outputCount: input.width, interpolation: interpolation,
      reversed: isMirrored)
    let rows = AxisWeights(
      start: y, length: height, inputCount: image.height, outputCount: input.height, interpolation: interpolation,
      reversed: false)
    destination.update(repeating: 0, count: input.sampleCount)

    let mean = [input.mean.0, input.mean.1, input.mean.2]
    let zeros = (0..<columns.inputs.count).flatMap { _ in mean }
    let lowest = mean.map(-)
    let highest = lowest.map { 255 + $0 }
    let stride = image.width * 3
    image.pixels.withUnsafeBufferPointer { pixels in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: zeros.count + 1) { blended in
        blended.initialize(repeating: 0)
        for y in 0..<input.height {
          let weights = rows.weights[rows.offset[y]..<rows.offset[y + 1]]
          guard !weights.isEmpty, !zeros.isEmpty else { continue }
          let first = (rows.inputs.lowerBound + rows.firstInput[y]) * stride + columns.inputs.lowerBound * 3
          weights.withUnsafeBufferPointer {
            kernels.blendRows(
              weights: $0, rows: UnsafeBufferPointer(rebasing: pixels[first...]), rowStride: stride, zeros: zeros,
              into: blended.baseAddress!)
          }
          let row = destination + y * input.width * 3
          kernels.blendColumns(
            count: input.width, first: columns.firstInput, offset: columns.offset, weights: columns.weights,
            row: blended.baseAddress!, lowest: lowest, highest: highest, into: row)
          if input.scale != (1, 1, 1) {
            for pixel in 0..<input.width {
              row[3 * pixel] *= input.scale.0
              row[3 * pixel + 1] *= input.scale.1
              row[3 * pixel + 2] *= input.scale.2
            }
          }
        }
      }
    }
  }
}
