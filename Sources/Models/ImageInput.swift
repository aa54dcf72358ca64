import Glibc

/// The images that a network reads: [height, width, 3] of (RGB 0–255 − mean) · scale.
package struct ImageInput: Sendable, Equatable {
  /// Rows.
  package let height: Int
  /// Columns.
  package let width: Int
  /// The colour that becomes 0: red, green, blue, 0–255.
  package let mean: [Float]
  /// What differences from it are multiplied with: red, green, blue.
  package let scale: [Float]

  /// Describes images; `scale` is that of all colours.
  init(height: Int, width: Int, mean: [Float], scale: Float = 1) {
    self.init(height: height, width: width, mean: mean, scale: [scale, scale, scale])
  }

  /// Describes images.
  init(height: Int, width: Int, mean: [Float], scale: [Float]) {
    (self.height, self.width, self.mean, self.scale) = (height, width, mean, scale)
  }

  /// How large the values are that the first layer reads, to a power of two.
  var spread: Float { exp2(log2(64 * scale[0]).rounded()) }

  /// "300×300".
  package var sizeText: String { "\(height)×\(width)" }

  /// What ImageNet's classifiers in PyTorch read: images of mean 0 and deviation 1.
  static func imageNet(height: Int, width: Int) -> ImageInput {
    ImageInput(
      height: height, width: width, mean: [123.675, 116.28, 103.53], scale: [1 / 58.395, 1 / 57.12, 1 / 57.375])
  }

  /// Makes a convolution that was trained on other values of the same pixels read these. Its outputs stay as they are but at the edge
  /// of the image, where padding stands for another colour.
  ///
  /// - Parameters:
  ///   - kernel: [rows, columns, 3, outputs].
  ///   - biases: [outputs].
  ///   - other: what it was trained on.
  func convert(
    kernel: UnsafeMutableBufferPointer<Float>, biases: UnsafeMutableBufferPointer<Float>, from other: ImageInput
  ) {
    var shifts = biases.map(Double.init)
    for index in kernel.indices {
      let (place, output) = index.quotientAndRemainder(dividingBy: biases.count)
      let color = place % 3
      shifts[output] += Double(kernel[index] * other.scale[color]) * Double(mean[color] - other.mean[color])
      kernel[index] *= other.scale[color] / scale[color]
    }
    for index in biases.indices { biases[index] = Float(shifts[index]) }
  }
}
