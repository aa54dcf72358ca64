/// Recognises boxes whose last two numbers are sizes where the right and lower edge are meant.
///
/// Such a box is the wrong way round where it is further from the corner of the image than it is large. A few boxes like that may be
/// slips, so the verdict is about all boxes of a split.
struct EdgeOrderCheck {
  private var (count, reversed) = (0, 0)
  private var example: DatasetError?

  /// Takes a box.
  ///
  /// - Parameters:
  ///   - isReversed: whether its right edge is left of the left one, or its lower edge above the upper one.
  ///   - written: the file's own numbers.
  mutating func add(isReversed: Bool, _ written: String, at place: AnnotationPlace) {
    count += 1
    guard isReversed else { return }
    reversed += 1
    if example == nil { example = place.error("box \(written)") }
  }

  /// Tells that boxes look like places and sizes, if at least half of them do.
  ///
  /// - Throws: the error, when the log's policy is to stop.
  func note(in log: inout FaultLog) throws(DatasetError) {
    guard let example, 2 * reversed >= count else { return }
    let boxes = "the numbers must be xmin, ymin, xmax, ymax; are they x, y, width, height?"
    try log.note(
      .reversedBoxes, example.adding(" ends before it begins, like \(reversed) of all \(count) boxes: \(boxes)"))
  }
}
