import Evaluation
import Foundation
import Inference
import TestSupport

/// Files to score, in a temporary directory.
struct ScoringFiles {
  let directory: TemporaryDirectory
  var groundTruth: String { directory.path + "/truth.json" }
  var detections: String { directory.path + "/detections.json" }
  /// A directory in the layout of Pascal VOC, without images.
  var folder: String { directory.path + "/VOC" }

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// Writes both files.
  init(groundTruth: String, detections: String) throws {
    try self.init()
    try write(groundTruth, to: self.groundTruth)
    try write(detections, to: self.detections)
  }

  func write(_ text: String, to path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// Adds an image to the directory; boxes are those of the file, inclusive and from 1.
  func annotate(_ image: String, _ objects: [(name: String, box: [Int], isDifficult: Bool)]) throws {
    let elements = objects.map { name, box, isDifficult in
      """
      <object><name>\(name)</name><difficult>\(isDifficult ? 1 : 0)</difficult><bndbox><xmin>\(box[0])</xmin>
      <ymin>\(box[1])</ymin><xmax>\(box[2])</xmax><ymax>\(box[3])</ymax></bndbox></object>
      """
    }
    let size = "<size><width>500</width><height>400</height><depth>3</depth></size>"
    try write("<annotation>\(size)\(elements.joined())</annotation>", to: "\(folder)/Annotations/\(image).xml")
  }

  func score(_ metric: EvaluationMetric, pixels: PixelConvention = .continuous) throws -> ScoreSheet {
    try scoring(metric, pixels: pixels).score()
  }

  func scoring(_ metric: EvaluationMetric, pixels: PixelConvention = .continuous) throws -> FileScoring {
    try FileScoring(groundTruth: .coco(file: groundTruth), detections: detections, metric: metric, pixels: pixels)
  }

  func scoreFolder(
    _ metric: EvaluationMetric, classes: [String]? = nil, pixels: PixelConvention = .continuous
  ) throws -> ScoreSheet {
    try FileScoring(
      groundTruth: .pascalVOC(root: folder, split: "test", classes: classes), detections: detections, metric: metric,
      pixels: pixels
    ).score()
  }
}
