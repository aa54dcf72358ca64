import ArgumentParser
import Datasets
import Evaluation
import Files
import Foundation
import Images
import MessagePassing

struct Detect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds objects in images and draws them.",
    discussion: """
      Writes every image with boxes, names and scores as PNG into the output directory: street.jpg becomes
      street.detections.png. Images are turned as their EXIF orientation says, and boxes are in pixels of the turned image.
      An image that cannot be read is named and left out; the exit code is 65 then, when all others are done, and 74 when a
      drawing could not be written.

      Examples:
        multibox detect runs/voc/checkpoints/iteration-0120000.safetensors street.jpg --output drawings
        multibox detect ssd300.safetensors *.jpg --score-threshold 0.3 --json detections.json
        multibox detect runs/voc photos --output drawings
      """)

  @OptionGroup var detectorOptions: DetectorOptions

  @Argument(
    help: "JPEG or PNG files, or directories: the images in one, without those below it.",
    completion: .file(), transform: HomeDirectory.expand)
  var images: [String]

  @Option(
    help: "Where the drawings go; without it none are made unless there is no --json either.",
    completion: .file(), transform: HomeDirectory.expand)
  var output: String?

  @Option(help: "Detections with a lower score are left out.")
  var scoreThreshold: Float = 0.5

  @Option(
    help: "Writes all detections that are kept to this file; - is standard output.", completion: .file(),
    transform: HomeDirectory.expand)
  var json: String?

  /// Where images are drawn, if they are.
  private var drawingDirectory: String? { output ?? (json == nil ? "." : nil) }

  func validate() throws {
    guard scoreThreshold >= 0, scoreThreshold < 1 else {
      throw ValidationError("--score-threshold must be in 0 ..< 1, not \(scoreThreshold)")
    }
    if let fault = ImageList(images).fault(drawing: drawingDirectory != nil) { throw ValidationError(fault) }
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

    init(_ path: String, _ image: Image, _ detections: [PixelDetection], _ classNames: [String]) {
      self.image = path
      (width, height) = (image.width, image.height)
      self.detections = detections.map { detection in
        let box = detection.box
        return Object(
          class: classNames[detection.label - 1], score: detection.score,
          box: [box.xMin, box.yMin, box.xMax, box.yMax])
      }
    }
  }

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("detect")
    let list = ImageList(images)
    var options = detectorOptions
    options.description.overrideOptions.overrides.append("evaluation.score_threshold=\(scoreThreshold)")
    let output = try json.map(JSONOutput.init)
    let directory = drawingDirectory
    if let directory { try Directory.create(directory) }
    let (detector, configuration) = try options.detector(batch: max(1, list.paths.count))
    var results: [ImageDetections] = []
    for error in list.errors { logger.error("\(error)") }
    if let dark = DatasetError.darkImages(among: list.paths, limit: configuration.data.imageLimit) {
      logger.warning("\(dark)")
    }
    var (unread, undrawn) = (list.errors.count, 0)
    for start in stride(from: 0, to: list.paths.count, by: detector.batch) {
      let batch = start..<min(start + detector.batch, list.paths.count)
      let images = batch.compactMap { index in
        do {
          return (index, image: try Image(uprightContentsOf: list.paths[index], limit: configuration.data.imageLimit))
        } catch {
          logger.error("\(error)")
          unread += 1
          return nil
        }
      }
      if images.isEmpty { continue }
      for ((index, image), detections) in zip(images, detector.detect(images.map(\.image))) {
        if let directory {
          do {
            let path = "\(directory)/\(list.drawingNames[index])"
            try draw(detections, on: image, into: path, detector.classNames)
          } catch {
            logger.error("\(error)")
            undrawn += 1
          }
        }
        results.append(ImageDetections(list.paths[index], image, detections, detector.classNames))
        logger.info("\(list.paths[index]): \(Quantities.count(detections.count, "object"))")
      }
    }
    try output?.write(results)
    let all = Quantities.count(list.paths.count + list.errors.count, "image")
    if unread > 0 {
      logger.error("\(unread) of \(all) cannot be read and \(unread == 1 ? "is" : "are") left out")
    }
    if undrawn > 0 { logger.error("\(undrawn) of \(all) cannot be drawn") }
    if undrawn > 0 { throw ExitCode(ExitStatus.disk.rawValue) }
    if unread > 0 { throw ExitCode(ExitStatus.data.rawValue) }
  }

  private func draw(
    _ detections: [PixelDetection], on image: Image, into path: String, _ classNames: [String]
  ) throws {
    let boxes = detections.map { detection in
      let box = detection.box
      return LabelledBox(
        left: box.xMin, top: box.yMin, right: box.xMax, bottom: box.yMax,
        name: classNames[detection.label - 1], score: detection.score, classIndex: detection.label - 1)
    }
    try BoxPainter.paint(boxes, on: image).writePNG(to: path)
  }
}
