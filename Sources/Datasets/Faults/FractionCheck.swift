import Images

/// Recognises boxes that are fractions of the image where pixels are meant.
///
/// All numbers of such a box lie between 0 and 1, so in pixels it would be within a corner of two pixels. A few boxes like that
/// may be slips, so the verdict is about all boxes of a split or file.
package struct FractionCheck: Sendable {
  /// What the boxes of a split or file are.
  package enum Verdict: Sendable {
    /// No box looks like fractions.
    case pixels
    /// Less than half of them do.
    case fewFractions
    /// At least half of them do.
    case fractions
  }

  /// The shortest side of an image, in pixels, whose boxes tell anything.
  private static let leastSide = 8
  /// What rounding may add to 1.
  private static let tolerance = 0.01

  /// How many boxes were taken that have an area.
  package private(set) var count = 0
  private var fractions = 0
  private var example: DatasetError?

  package init() {}

  /// Takes a box as the file has it.
  ///
  /// - Parameters:
  ///   - numbers: the file's own four.
  ///   - hasArea: whether they span an area; a box without tells nothing.
  ///   - image: the image's size, where it is known.
  ///   - place: of the box.
  package mutating func add(
    _ numbers: (Double, Double, Double, Double), hasArea: Bool, of image: ImageHeader? = nil,
    at place: @autoclosure () -> AnnotationPlace
  ) {
    guard hasArea, image.map({ min($0.width, $0.height) >= Self.leastSide }) ?? true else { return }
    count += 1
    let range = -Self.tolerance...1 + Self.tolerance
    guard range ~= numbers.0, range ~= numbers.1, range ~= numbers.2, range ~= numbers.3 else { return }
    fractions += 1
    guard example == nil else { return }
    let size = image.map { " of an image of \($0.width)×\($0.height) pixels" } ?? ""
    example = place().error(
      "box [\(numbers.0), \(numbers.1), \(numbers.2), \(numbers.3)]\(size) lies between 0 and 1")
  }

  /// What the boxes are.
  package var verdict: Verdict {
    if fractions == 0 { return .pixels }
    return 2 * fractions < count ? .fewFractions : .fractions
  }

  /// What is to be said of them, with the first that looks like fractions; nothing when none does.
  package var message: DatasetError? {
    let share =
      fractions == 1
      ? "as the only one of \(count) \(count == 1 ? "box" : "boxes")" : "like \(fractions) of all \(count) boxes"
    let boxes = "boxes must be in pixels: multiply horizontal numbers by the image's width, vertical ones by its height"
    switch verdict {
    case .pixels: return nil
    case .fewFractions: return example?.adding(", \(share); if they are fractions of the image, \(boxes)")
    case .fractions: return example?.adding(", \(share): they look like fractions of the image; \(boxes)")
    }
  }

  /// Tells that boxes look like fractions, if they do.
  ///
  /// - Throws: the error, when the log's policy is to stop and most of them do.
  package func note(in log: inout FaultLog) throws(DatasetError) {
    guard let message else { return }
    try log.note(verdict == .fractions ? .fractionBoxes : .fewFractionBoxes, message)
  }
}

extension FractionCheck {
  /// Takes a box of a COCO file.
  package mutating func add(
    _ box: [Double], of image: ImageHeader? = nil, at place: @autoclosure () -> AnnotationPlace
  ) {
    add((box[0], box[1], box[2], box[3]), hasArea: box[2] > 0 && box[3] > 0, of: image, at: place())
  }
}
