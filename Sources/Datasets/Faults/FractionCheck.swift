import Images

/// Recognises boxes that are fractions of the image where pixels are meant.
///
/// A few boxes smaller than a pixel are legal, so the verdict is about all boxes of a split: nearly all of them lie between
/// 0 and 1, and not all of these are whole numbers, which the pixel in the corner has.
struct FractionCheck {
  /// The share of boxes from which on they look like fractions.
  private static let share = 0.9
  /// The shortest side of an image, in pixels, whose boxes tell anything.
  private static let leastSide = 8
  /// What rounding may add to 1.
  private static let tolerance = 0.01

  private var (count, fractions) = (0, 0)
  private var example: DatasetError?

  /// Takes a box as the file has it.
  ///
  /// - Parameters:
  ///   - numbers: all coordinates, whatever they mean, the right and lower edges included.
  ///   - image: the image's size.
  ///   - written: the file's own numbers, for messages.
  mutating func add(
    _ numbers: [Double], of image: ImageHeader, written: @autoclosure () -> String, at place: AnnotationPlace
  ) {
    guard min(image.width, image.height) >= Self.leastSide else { return }
    count += 1
    guard numbers.allSatisfy({ -Self.tolerance...1 + Self.tolerance ~= $0 }), numbers.contains(where: { $0 != 0 })
    else { return }
    fractions += 1
    guard example == nil, numbers.contains(where: { $0 != $0.rounded() }) else { return }
    let size = "\(image.width)×\(image.height) pixels"
    example = place.error("box \(written()) of an image of \(size) lies between 0 and 1")
  }

  /// Tells that the boxes look like fractions, if they do.
  ///
  /// - Throws: the error, when the log's policy is to stop.
  func note(in log: inout FaultLog) throws(DatasetError) {
    guard let example, Double(fractions) >= Self.share * Double(count) else { return }
    try log.note(
      .fractionBoxes,
      example.adding(
        ", like \(fractions) of all \(count) boxes: they look like fractions of the image; boxes must be in pixels: "
          + "multiply horizontal numbers by the image's width, vertical ones by its height"))
  }
}
