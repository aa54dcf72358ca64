import ArgumentParser
import Evaluation
import Foundation
import Images
import Training

struct Detect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds objects in images and draws them.",
    discussion: """
      Writes every image with boxes, names and scores as PNG into the output directory: street.jpg becomes
      street.detections.png.

      Examples:
        multibox detect runs/voc/checkpoints/iteration-0120000.safetensors street.jpg --output pictures
        multibox detect ssd300.safetensors *.jpg --score-threshold 0.3 --json detections.json
      """)

  @OptionGroup var detectorOptions: DetectorOptions

  @Argument(help: "JPEG or PNG files.")
  var images: [String]

  @Option(help: "Where the pictures go; without it none are drawn unless there is no --json either.")
  var output: String?

  @Option(help: "Detections with a lower score are left out.")
  var scoreThreshold: Float = 0.5

  @Option(help: "Writes all detections that are kept to this file; - is standard output.")
  var json: String?

  /// Where pictures are drawn, if they are.
  private var pictureDirectory: String? { output ?? (json == nil ? "." : nil) }

  private func pictureName(of path: String) -> String {
    URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent + ".detections.png"
  }

  func validate() throws {
    guard scoreThreshold >= 0, scoreThreshold < 1 else {
      throw ValidationError("--score-threshold must be in 0 ..< 1, not \(scoreThreshold)")
    }
    guard pictureDirectory != nil else { return }
    let paths = Dictionary(grouping: images, by: pictureName)
    if let (name, images) = paths.filter({ $1.count > 1 }).min(by: { $0.key < $1.key }) {
      throw ValidationError("\(images.joined(separator: " and ")) would all be drawn as \(name); draw them one by one")
    }
  }

  /// One element of the JSON array.
  private struct ImageDetections: Encodable {
    struct Object: Encodable {
      let `class`: String
      let score: Double
      let box: [Double]
    }

    let image: String
    let width: Int
    let height: Int
    let detections: [Object]
  }

  func run() throws {
    var options = detectorOptions
    options.overrideOptions.overrides.append("evaluation.score_threshold=\(scoreThreshold)")
    let (detector, configuration) = try options.detector(batch: images.count)
    let directory = pictureDirectory
    if let directory { try RunDirectory.create(directory) }
    var results: [ImageDetections] = []
    for start in stride(from: 0, to: images.count, by: detector.batch) {
      let paths = images[start..<min(start + detector.batch, images.count)]
      let pictures = try paths.map { try Image(contentsOf: $0, limit: configuration.data.imageLimit) }
      for (path, (picture, detections)) in zip(paths, zip(pictures, detector.detect(pictures))) {
        if let directory { try draw(detections, on: picture, from: path, into: directory, detector.classNames) }
        results.append(
          ImageDetections(
            image: path, width: picture.width, height: picture.height,
            detections: detections.map { detection in
              let box = detection.box
              return ImageDetections.Object(
                class: detector.classNames[detection.label - 1], score: detection.score,
                box: [box.xMin, box.yMin, box.xMax, box.yMax])
            }))
        logger.info("\(path): \(Quantities.count(detections.count, "object"))")
      }
    }
    if let json { try JSONOutput.write(results, to: json) }
  }

  private func draw(
    _ detections: [PixelDetection], on picture: Image, from path: String, into directory: String, _ classNames: [String]
  ) throws {
    let boxes = detections.map { detection in
      LabelledBox(
        left: detection.box.xMin, top: detection.box.yMin, right: detection.box.xMax, bottom: detection.box.yMax,
        name: classNames[detection.label - 1], score: detection.score, classIndex: detection.label - 1)
    }
    try BoxPainter.paint(boxes, on: picture).writePNG(to: "\(directory)/\(pictureName(of: path))")
  }
}
