import Detection
import Images

/// A place in annotations, for messages.
package struct AnnotationPlace {
  /// The error of a reason at this place.
  package let error: (_ reason: String) -> DatasetError

  /// - Parameter object: what messages call the object, as "object 2 (dog)".
  init(file: String, line: Int?, object: String? = nil) {
    error = { DatasetError(file: file, line: line, object: object, reason: $0) }
  }

  /// A place that is worked out only when there is something to say.
  init(_ error: @escaping (_ reason: String) -> DatasetError) {
    self.error = error
  }
}

/// What all formats check alike.
extension FaultLog {
  /// Reads the header of an image file.
  ///
  /// An orientation is noted, since it is not applied: annotations refer to the stored rows and columns, or are turned.
  ///
  /// - Parameter turnsBoxes: whether boxes refer to the image as it is shown, and are turned to the stored one.
  /// - Returns: nothing when the file cannot be read or has too many pixels, which is noted.
  mutating func header(
    ofImage path: String, in files: SplitFiles, turnsBoxes: Bool = false
  ) throws(DatasetError) -> ImageHeader? {
    let header: ImageHeader
    do {
      header = try files.header(of: path)
    } catch {
      let reason = (error as? ImageError)?.reason ?? "\(error)"
      try note(.brokenImage, DatasetError(file: path, reason: reason))
      return nil
    }
    if header.bitDepth > 8 { add(deepImage: path) }
    if header.orientation != 1 {
      let boxes =
        turnsBoxes
        ? "boxes are taken to refer to the turned image, and are turned back to the stored pixels"
        : "boxes are taken to refer to the stored pixels"
      let reason = "has the EXIF orientation \(header.orientation), which is not applied: \(boxes)"
      try note(.orientation, DatasetError(file: path, reason: reason))
    }
    return header
  }

  /// Compares the size that an annotation states with that of the image file.
  ///
  /// - Parameter mayBeExchanged: whether width and height are known to change places in such annotations by mistake, and
  ///   no box contradicts that.
  /// - Returns: whether the annotation can be used.
  package mutating func check(
    statedWidth: Int, statedHeight: Int, against header: ImageHeader, of imagePath: String, mayBeExchanged: Bool,
    at place: AnnotationPlace
  ) throws(DatasetError) -> Bool {
    guard (statedWidth, statedHeight) != (header.width, header.height) else { return true }
    let difference =
      "the annotation states \(statedWidth)×\(statedHeight) pixels, the image has \(header.width)×\(header.height)"
    let isExchanged = (statedWidth, statedHeight) == (header.height, header.width)
    if isExchanged, header.isTurnedSideways {
      let reason =
        "\(difference) and the EXIF orientation \(header.orientation): boxes were drawn on the turned image; turn the stored pixels and remove the tag, as exiftran -ai does"
      try noteOtherSize(imagePath, place.error(reason))
      return false
    }
    guard isExchanged, mayBeExchanged else {
      try noteOtherSize(imagePath, place.error(difference))
      return false
    }
    try note(.exchangedSize, place.error("\(difference); every box fits the image, whose size is used"))
    return true
  }

  /// The part of a box inside its image; nothing when there is none.
  ///
  /// - Parameters:
  ///   - edges: the box in continuous pixels.
  ///   - hasArea: whether the file's own numbers span an area.
  ///   - written: the file's own numbers, for messages.
  ///   - tolerance: pixels beyond the image that rounding in the file explains; they are clipped without a warning.
  package mutating func clip(
    _ edges: PixelBox, hasArea: Bool, written: @autoclosure () -> String, to header: ImageHeader, tolerance: Double = 0,
    at place: AnnotationPlace
  ) throws(DatasetError) -> PixelBox? {
    guard hasArea else {
      try note(.boxWithoutArea, place.error("box \(written()) has no area, dropped"))
      return nil
    }
    let image = "the image of \(header.width)×\(header.height) pixels"
    guard let inside = edges.clipped(width: header.width, height: header.height) else {
      try note(.boxOutside, place.error("box \(written()) lies outside \(image), dropped"))
      return nil
    }
    let excess = max(
      inside.xMin - edges.xMin, inside.yMin - edges.yMin, edges.xMax - inside.xMax, edges.yMax - inside.yMax)
    if excess > tolerance {
      try note(.boxClipped, place.error("box \(written()) reaches outside \(image), clipped"))
    }
    return inside
  }
}

/// What all formats check of classes.
extension FaultLog {
  /// Checks names that are to be the classes.
  ///
  /// - Parameter file: what the message is about: the directory of the data set or the file that the names are from.
  package mutating func checkClasses(_ names: [String], file: String) throws(DatasetError) {
    func refuse(_ kind: DatasetFault.Kind, _ problem: String) throws(DatasetError) {
      try note(kind, DatasetError(file: file, reason: "class list \(names): \(problem)"))
    }
    if names.isEmpty { try refuse(.unreadableSplit, "no class") }
    if Set(names).count < names.count { try refuse(.unreadableSplit, "a name occurs twice") }
    if let name = names.first(where: Self.isBackground) {
      try refuse(
        .backgroundClass,
        "\"\(name)\" is no class: what is not an object is background without being annotated; \(Self.classProposal(names))"
      )
    }
  }

  /// Takes an object of a class that does not exist.
  ///
  /// - Parameter proposal: classes that the data have, as ``classProposal(_:)`` words them.
  mutating func noteUnknownClass(
    _ name: String, _ names: [String], proposal: String? = nil, at place: AnnotationPlace
  ) throws(DatasetError) {
    let hint = Self.isBackground(name) ? " (background is not annotated)" : ""
    let remedy = proposal.map { "; \($0)" } ?? ""
    let reason = "unknown class \"\(name)\"\(hint); the classes are \(names.joined(separator: ", "))\(remedy)"
    try note(.unknownClass, place.error(reason))
  }

  /// A line for the configuration with the classes that the data have.
  static func classProposal(_ names: [String]) -> String {
    let names = names.filter { !isBackground($0) }
    if names.count > 100 { return "the data have \(names.count) classes" }
    let list = names.map { $0.wholeMatch(of: plainName) != nil ? $0 : quoted($0) }.joined(separator: ", ")
    return "for all that the data have, classes: [\(list)]"
  }

  /// Names that YAML takes for text without quotes, whatever words its readers take for truth values or nothing.
  private static var plainName: Regex<Substring> {
    #/(?!(?i:true|false|yes|no|on|off|null|y|n)$)[A-Za-z_][A-Za-z0-9_]*(?:[ -][A-Za-z0-9_]+)*/#
  }

  private static func quoted(_ name: String) -> String {
    "\"\(name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }

  /// Whether a name stands for the class 0 of other programs.
  static func isBackground(_ name: String) -> Bool {
    ["background", "__background__", "_background_"].contains(name.lowercased())
  }
}
