import Datasets
import Detection
import Evaluation
import Files
import Foundation
import Images

/// An image with what was found in it.
struct DetectedImage {
  /// The file as it was named, or the video with the number of the frame.
  let name: String
  /// The number of the frame, from 0; nil for an image.
  var frame: Int?
  /// Columns and rows.
  let (width, height): (Int, Int)
  /// By falling score.
  let detections: [PixelDetection]
  /// How the image of the file was turned, by EXIF.
  var orientation = 1

  init(_ name: String, frame: Int? = nil, _ image: Image, _ detections: [PixelDetection]) {
    (self.name, self.frame, width, height, self.detections) = (name, frame, image.width, image.height, detections)
  }

  /// The name of a file about an image, without ending.
  static func stem(of path: String) -> String {
    path == ImageList.standardInput ? "stdin" : URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
  }

  /// The name of a file about the image, without ending.
  var stem: String {
    let stem = Self.stem(of: name)
    return frame.map { stem + String(format: "-%06d", $0) } ?? stem
  }

  /// The size and the boxes on the rows and columns of the file, which annotations of Pascal VOC and COCO are about.
  var stored: (width: Int, height: Int, boxes: [PixelBox]) {
    let (width, height) = orientation >= 5 ? (height, width) : (width, height)
    let boxes = detections.map {
      $0.box.stored(orientation: orientation, storedWidth: Double(width), storedHeight: Double(height))
    }
    return (width, height, boxes)
  }

  /// "3 objects: dog 0.97, person 0.91, person 0.55".
  func summary(_ classNames: [String]) -> String {
    let shown = detections.prefix(8).map { String(format: "%@ %.2f", classNames[$0.label - 1], $0.score) }
    let more = detections.count > shown.count ? " and \(detections.count - shown.count) more" : ""
    let list = shown.isEmpty ? "" : ": " + shown.joined(separator: ", ")
    return Quantities.count(detections.count, "object") + list + more
  }
}

/// What `--json` has of an image.
struct ImageDetections: Encodable {
  struct Object: Encodable {
    let `class`: String
    let score: Double
    let box: [Double]
  }

  let image: String
  let frame: Int?
  let width: Int
  let height: Int
  let detections: [Object]

  init(_ image: DetectedImage, _ classNames: [String]) {
    self.image = image.name
    (frame, width, height) = (image.frame, image.width, image.height)
    detections = image.detections.map { detection in
      let box = detection.box
      return Object(
        class: classNames[detection.label - 1], score: detection.score,
        box: [box.xMin, box.yMin, box.xMax, box.yMax])
    }
  }
}

/// Detections as the annotations of other programs: `--coco`, `--voc` and `--yolo`.
struct AnnotationFiles {
  /// A file of COCO's for all images.
  private let coco: JSONOutput?
  /// A directory for an XML file of each image.
  private let voc: String?
  /// A directory for a text file of each image.
  private let yolo: String?

  private var cocoText = COCOText()
  private var stems: Set<String> = []

  init(coco: String?, voc: String?, yolo: String?) throws {
    (self.voc, self.yolo) = (voc, yolo)
    self.coco = try coco.map(JSONOutput.init)
    for directory in [voc, yolo] { if let directory { try Directory.create(directory) } }
  }

  /// Whether some are about the rows and columns of the file.
  var areOfStoredImages: Bool { coco != nil || voc != nil }

  /// Writes what was found in an image.
  ///
  /// - Throws: `FileError`, also for a second image of the same name.
  mutating func append(_ image: DetectedImage, _ classNames: [String]) throws {
    if voc != nil || yolo != nil, !stems.insert(image.stem).inserted {
      throw FileError(image.name, "an image called \(image.stem) came before; give each directory a call of its own")
    }
    if let voc {
      try AtomicFile.replace("\(voc)/\(image.stem).xml", with: Self.xml(image, classNames), isDurable: false)
    }
    if let yolo { try AtomicFile.replace("\(yolo)/\(image.stem).txt", with: Self.labels(image), isDurable: false) }
    if coco != nil { appendCOCO(image) }
  }

  /// Writes what is common to all images.
  func finish(_ classNames: [String]) throws {
    if let yolo {
      try AtomicFile.replace("\(yolo)/classes.txt", with: classNames.map { $0 + "\n" }.joined(), isDurable: false)
    }
    try coco?.write(line: cocoText.file(classNames: classNames))
  }

  private mutating func appendCOCO(_ image: DetectedImage) {
    let stored = image.stored
    let file = image.frame == nil ? URL(fileURLWithPath: image.name).lastPathComponent : image.stem + ".jpg"
    let objects = zip(image.detections, stored.boxes).map { detection, box in
      COCOText.Object(label: detection.label, box: box, score: detection.score)
    }
    cocoText.append(file: file, width: stored.width, height: stored.height, objects)
  }

  private static func xml(_ image: DetectedImage, _ classNames: [String]) -> String {
    let stored = image.stored
    let objects = zip(image.detections, stored.boxes).map { detection, box in
      PascalVOCText.Object(name: classNames[detection.label - 1], box: box, isDifficult: false)
    }
    return PascalVOCText.annotation(
      file: URL(fileURLWithPath: image.name).lastPathComponent, width: stored.width, height: stored.height, objects)
  }

  private static func labels(_ image: DetectedImage) -> String {
    image.detections.map {
      YOLOLine.text(label: $0.label, $0.box, width: image.width, height: image.height) + "\n"
    }.joined()
  }
}
