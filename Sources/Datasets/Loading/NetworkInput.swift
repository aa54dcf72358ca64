/// What the network expects of an image: its size and the colour that becomes 0.
public struct NetworkInput: Sendable {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Red, green and blue on the scale 0–255, subtracted from every pixel.
  public let mean: (Float, Float, Float)

  /// Describes an input.
  ///
  /// - Precondition: `width` and `height` are positive.
  public init(width: Int, height: Int, mean: (Float, Float, Float)) {
    precondition(width > 0 && height > 0, "a network cannot take images of \(width)×\(height) pixels")
    self.width = width
    self.height = height
    self.mean = mean
  }

  /// The values of one image.
  var sampleCount: Int { width * height * 3 }
}
