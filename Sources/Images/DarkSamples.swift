/// The samples of a PNG file of 16 bits that is read as nearly black: they use the lower bits alone, as those of a camera with
/// 10, 12 or 14 bits that are not scaled to 16.
package struct DarkSamples: Sendable, Equatable {
  /// The largest sample, without the exceptions.
  package let largest: Int
  /// Whether a few samples are larger, as hot pixels and marks are.
  package let hasExceptions: Bool
  /// Whether the image is without transparency, so that an sBIT chunk may say how many bits are meant.
  package let isOpaque: Bool

  /// No sample of such an image reaches a quarter of the range.
  private static let bound = 1 << 14
  /// Or all but one in a thousand are below a sixteenth.
  private static let (usualBound, exceptions) = (1 << 12, 1000)

  /// - Parameters:
  ///   - bytes: the whole file, whose image can be decoded.
  ///   - limit: the most pixels that it may have.
  /// - Returns: nothing for all other files, for an image that is black throughout, and for one whose sBIT chunk says that
  ///   fewer bits are meant.
  package init?(ofPNG bytes: [UInt8], limit: ImageLimit = ImageLimit()) {
    guard (try? pngSize(bytes, limit: limit, path: "")) != nil, let file = DeepPNG(bytes), file.unscaledImage() == nil,
      let samples = file.samples(), let largest = samples.max()
    else { return nil }
    isOpaque = file.isOpaque
    if largest < Self.bound {
      (self.largest, hasExceptions) = (Int(largest), false)
    } else {
      let usual = samples.filter { $0 < Self.usualBound }
      guard (samples.count - usual.count) * Self.exceptions <= samples.count else { return nil }
      (self.largest, hasExceptions) = (usual.max().map(Int.init) ?? 0, true)
    }
    if self.largest == 0 { return nil }
  }
}
