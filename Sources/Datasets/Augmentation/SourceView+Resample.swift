import CKernels
import Images
import Tensors

extension SourceView {
  /// Resamples what the view shows to the input of the network, mean subtracted.
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
  ///   - width: columns of the result.
  ///   - height: rows of the result.
  ///   - mean: red, green and blue on the scale 0–255.
  ///   - kernels: which ones does not matter to the result.
  ///   - destination: room for height · width · 3 values.
  /// - Precondition: the view has positive width and height, `width` and `height` are positive.
  public func resample(
    _ image: Image, interpolation: Interpolation, width: Int, height: Int, subtracting mean: (Float, Float, Float),
    kernels: Kernels, into destination: UnsafeMutablePointer<Float>
  ) {
    precondition(self.width > 0 && self.height > 0, "a view of \(self.width)×\(self.height) pixels shows nothing")
    precondition(width > 0 && height > 0, "cannot resample to \(width)×\(height) pixels")
    let columns = AxisWeights(
      start: x, length: self.width, inputCount: image.width, outputCount: width, interpolation: interpolation,
      reversed: isMirrored)
    let rows = AxisWeights(
      start: y, length: self.height, inputCount: image.height, outputCount: height, interpolation: interpolation,
      reversed: false)
    destination.update(repeating: 0, count: height * width * 3)

    let zeros = (0..<columns.inputs.count).flatMap { _ in [mean.0, mean.1, mean.2] }
    let lowest = [-mean.0, -mean.1, -mean.2]
    let highest = lowest.map { 255 + $0 }
    let stride = image.width * 3
    image.pixels.withUnsafeBufferPointer { pixels in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: zeros.count + 1) { blended in
        blended.initialize(repeating: 0)
        for y in 0..<height {
          let weights = rows.weights[rows.offset[y]..<rows.offset[y + 1]]
          guard !weights.isEmpty, !zeros.isEmpty else { continue }
          let first = (rows.inputs.lowerBound + rows.firstInput[y]) * stride + columns.inputs.lowerBound * 3
          weights.withUnsafeBufferPointer {
            kernels.table.blend_rows(
              zeros.count, $0.count, $0.baseAddress, pixels.baseAddress! + first, stride, zeros, blended.baseAddress)
          }
          kernels.table.blend_columns(
            width, columns.firstInput, columns.offset, columns.weights, blended.baseAddress, lowest, highest,
            destination + y * width * 3)
        }
      }
    }
  }
}
