import Images
import Kernels

/// What the network expects of an image: its size, the colour that becomes 0, and the scale of differences from it.
package struct NetworkInput: Sendable {
  /// Columns.
  package let width: Int
  /// Rows.
  package let height: Int
  /// Red, green and blue on the scale 0–255, subtracted from every pixel.
  package let mean: (Float, Float, Float)
  /// What is left is multiplied with this: red, green and blue.
  package let scale: (Float, Float, Float)

  /// Describes an input.
  ///
  /// - Precondition: `width`, `height` and `scale` are positive.
  package init(width: Int, height: Int, mean: (Float, Float, Float), scale: (Float, Float, Float) = (1, 1, 1)) {
    precondition(width > 0 && height > 0, "a network cannot take images of \(width)×\(height) pixels")
    self.width = width
    self.height = height
    precondition(min(scale.0, scale.1, scale.2) > 0, "pixels multiplied with \(scale)")
    self.mean = mean
    self.scale = scale
  }

  /// What the network sees of a whole image: resized linearly, (pixel − mean) · scale.
  ///
  /// There is no smoothing before shrinking. These are the rules of OpenCV's `INTER_LINEAR` and of PyTorch's
  /// `interpolate(mode="bilinear", align_corners=False)`; values are not rounded to integers.
  ///
  /// ### Shapes
  /// `destination`: [height, width, 3], red first, overwritten.
  ///
  /// - Parameter kernels: which ones does not matter to the result.
  package func sample(_ image: Image, kernels: Kernels, into destination: UnsafeMutablePointer<Float>) {
    SourceView(imageWidth: image.width, imageHeight: image.height)
      .resample(image, interpolation: .linear, to: self, kernels: kernels, into: destination)
  }

  /// The image that a sample shows: divided by the scale, the mean added, rounded to whole numbers, limited to 0 … 255.
  ///
  /// ### Shapes
  /// `sample`: [height, width, 3], red first.
  package func image(of sample: UnsafePointer<Float>) -> Image {
    let (mean, scale) = ([mean.0, mean.1, mean.2], [scale.0, scale.1, scale.2])
    return Image(
      width: width, height: height,
      pixels: (0..<sampleCount).map { UInt8(min(max((sample[$0] / scale[$0 % 3] + mean[$0 % 3]).rounded(), 0), 255)) })
  }

  /// The values of one image.
  var sampleCount: Int { width * height * 3 }
}
