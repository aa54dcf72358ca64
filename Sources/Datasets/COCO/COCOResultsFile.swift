import Detection
import Foundation

/// Detections in COCO's results format: a list of records with `image_id`, `category_id`, `bbox` and `score`.
///
/// Other keys, such as `segmentation`, are passed over.
package struct COCOResultsFile: Sendable {
  /// A record.
  package struct Detection: Sendable, Equatable {
    /// Position of the image among those it may be of.
    package let imageIndex: Int
    /// Class index, 1 … classes.
    package let label: Int
    /// Where the object is.
    package let box: COCOBox
    /// Confidence.
    package let score: Double
  }

  /// The records in the order of the file.
  package let detections: [Detection]
  /// How many numbers are written as text.
  package let numbersAsText: Int
  /// Whether the boxes look like fractions of the image.
  package let fractions: FractionCheck

  /// Reads the text of a file.
  ///
  /// - Parameters:
  ///   - file: the file's name, for messages.
  ///   - images: positions of the images that records may be of.
  ///   - labels: class indices of the categories that records may have.
  /// - Throws: `DatasetError` with line and record (counted from 0) for text that is no such list, a key that is missing or
  ///   has a value of another kind, a number that is not finite, a negative size, an unknown image or category.
  package init(
    _ text: Data, file: String, images: [COCOFileIdentifier: Int], labels: [Int: Int]
  ) throws(DatasetError) {
    self = try AnnotationFile(path: file, kind: .json).parse(text, root: "results") {
      parser throws(JSONPullParser.Fault) in try Self(&parser, file: file, images: images, labels: labels)
    }
  }

  private init(
    _ parser: inout JSONPullParser, file: String, images: [COCOFileIdentifier: Int], labels: [Int: Int]
  ) throws(JSONPullParser.Fault) {
    var detections: [Detection] = []
    var fractions = FractionCheck()
    try parser.forEachElement { parser, index throws(JSONPullParser.Fault) in
      let start = parser.position
      let detection = try Self.detection(&parser, images: images, labels: labels)
      fractions.add(detection.box, at: AnnotationPlace(parser, start, file: file, object: "results[\(index)]"))
      detections.append(detection)
    }
    try parser.end()
    (self.detections, self.fractions, numbersAsText) = (detections, fractions, parser.numbersAsText)
  }

  private static func detection(
    _ parser: inout JSONPullParser, images: [COCOFileIdentifier: Int], labels: [Int: Int]
  ) throws(JSONPullParser.Fault) -> Detection {
    var image, label: Int?
    var box: COCOBox?
    var score: Double?
    let start = parser.position
    try parser.forEachMember { parser, key throws(JSONPullParser.Fault) in
      let start = parser.position
      switch key {
      case "image_id":
        let identifier = try parser.imageIdentifier(among: images)
        image = images[identifier]
        if image == nil {
          throw JSONPullParser.Fault(
            position: start, reason: "\(identifier) is none of the \(images.count) images of the ground truth")
        }
      case "category_id":
        let category = try parser.lenientInteger()
        label = labels[category]
        if label == nil {
          throw JSONPullParser.Fault(
            position: start, reason: "\(category) is none of the \(labels.count) categories of the ground truth")
        }
      case "bbox": box = try parser.box()
      case "score": score = try parser.lenientNumber()
      default: try parser.skip()
      }
    }
    guard let image, let label, let box, let score else {
      let present = [("image_id", image != nil), ("category_id", label != nil), ("bbox", box != nil)]
      let missing = present.first { !$0.1 }?.0 ?? "score"
      throw JSONPullParser.Fault(position: start, reason: "\(missing) is missing")
    }
    return Detection(imageIndex: image, label: label, box: box, score: score)
  }
}

extension JSONPullParser {
  /// Passes what calls an image: a name that is one of `images` as it is, or else what `identifier` makes of it.
  fileprivate mutating func imageIdentifier(
    among images: [COCOFileIdentifier: Int]
  ) throws(Fault) -> COCOFileIdentifier {
    guard isAtString() else { return try identifier() }
    let before = self
    let name = COCOFileIdentifier.name(try string())
    if images[name] != nil { return name }
    self = before
    return try identifier()
  }
}
