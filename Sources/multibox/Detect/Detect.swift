import ArgumentParser
import Configuration
import Datasets
import Evaluation
import Files
import Foundation
import Images
import Inference
import MessagePassing

struct Detect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds objects in images and videos and draws them.",
    discussion: """
      Writes every image with boxes, names and scores as PNG into the output directory: street.jpg becomes
      street.detections.png, and street.mp4 street.detections.mp4. Images are turned as their EXIF orientation says, and boxes are in \
      pixels of the turned image. An image that cannot be read is named and left out; the exit code is 65 then, when all others are done, \
      and 74 when a drawing could not be written. Videos are decoded and encoded by ffmpeg.

      Examples:
        multibox detect runs/voc/checkpoints/iteration-0120000.safetensors street.jpg --output drawings
        multibox detect ssd300.safetensors *.jpg --score-threshold 0.3 --json detections.json
        multibox detect runs/voc photos --output drawings
        multibox detect runs/voc aerial.png --tile 600 --yolo labels
        multibox detect runs/voc street.mp4 --output drawings
      """)

  @OptionGroup var detectorOptions: DetectorOptions

  @Argument(
    help:
      "JPEG or PNG files, videos, patterns, or directories: the images in one, without those below it; - is an image on standard input.",
    completion: .file(), transform: HomeDirectory.expand)
  var images: [String]

  @Option(
    help: "Where the drawings go; without it none are made unless nothing else is written either.",
    completion: .file(), transform: HomeDirectory.expand)
  var output: String?

  @Option(
    help: "Detections with a lower score are left out; 0.5 unless it is given, or evaluation.score_threshold by --set.")
  var scoreThreshold: Float?

  @Option(
    help: "Writes all detections that are kept to this file; - is standard output.", completion: .file(),
    transform: HomeDirectory.expand)
  var json: String?

  @Option(
    help: "Writes them as a COCO file too, with scores; - is standard output.", completion: .file(),
    transform: HomeDirectory.expand)
  var coco: String?

  @Option(
    help: "Writes them as Pascal VOC annotations too, an XML file for each image in this directory.",
    completion: .directory, transform: HomeDirectory.expand)
  var voc: String?

  @Option(
    help: "Writes them as YOLO labels too, a text file for each image in this directory.", completion: .directory,
    transform: HomeDirectory.expand)
  var yolo: String?

  @Option(
    help: ArgumentHelp(
      "Also looks for small objects in parts of an image of so many pixels a side.", valueName: "pixels"))
  var tile: Int?

  @Option(help: "The share of a part that the next one has too; 0.2 when left out.")
  var tileOverlap: Double?

  private var isThresholdSet: Bool {
    detectorOptions.description.overrideOptions.overrides.contains { $0.hasPrefix("evaluation.score_threshold=") }
  }

  /// Where images are drawn, if they are.
  private var drawingDirectory: String? {
    output ?? (json == nil && coco == nil && voc == nil && yolo == nil ? "." : nil)
  }

  func validate() throws {
    if let scoreThreshold {
      guard scoreThreshold >= 0, scoreThreshold < 1 else {
        throw ValidationError("--score-threshold must be in 0 ..< 1, not \(scoreThreshold)")
      }
      guard !isThresholdSet else {
        throw ValidationError("--score-threshold and --set evaluation.score_threshold say the same; give one of them")
      }
    }
    if let tile, tile < 32 { throw ValidationError("--tile takes at least 32 pixels, not \(tile)") }
    if let tileOverlap {
      guard tile != nil else { throw ValidationError("--tile-overlap has no meaning without --tile") }
      guard tileOverlap >= 0, tileOverlap <= 0.9 else {
        throw ValidationError("--tile-overlap must be 0 to 0.9, not \(tileOverlap)")
      }
    }
    if json == "-", coco == "-" { throw ValidationError("--json and --coco cannot both be standard output") }
    for (directory, option) in [(voc, "--voc"), (yolo, "--yolo")] where directory == "-" {
      throw ValidationError("\(option) takes a directory for a file of each image, not standard output")
    }
    let list = ImageList(images)
    if let fault = list.fault(drawing: drawingDirectory != nil, annotating: voc != nil || yolo != nil) {
      throw ValidationError(fault)
    }
  }

  func run() throws {
    try LaunchEnvironment().requireSingleProcess("detect")
    let list = ImageList(images)
    var options = detectorOptions
    if !isThresholdSet {
      options.description.overrideOptions.overrides.append("evaluation.score_threshold=\(scoreThreshold ?? 0.5)")
    }
    let output = try json.map(JSONOutput.init)
    let files = try AnnotationFiles(coco: coco, voc: voc, yolo: yolo)
    let directory = drawingDirectory
    if let directory { try Directory.create(directory) }
    let batch = tile == nil && !list.paths.contains(where: VideoReader.isVideo) ? max(1, list.paths.count) : .max
    let (detector, configuration) = try options.detector(batch: batch)
    for error in list.errors { logger.error("\(error)") }
    if let dark = DatasetError.darkImages(among: list.paths, limit: configuration.data.imageLimit) {
      logger.warning("\(dark)")
    }
    var session = DetectionSession(
      detector,
      tiling: tile.map {
        TiledDetector(
          detector, side: $0, overlap: tileOverlap ?? 0.2,
          nmsThreshold: Double(configuration.evaluation.detections.nmsThreshold),
          keep: configuration.evaluation.detections.keep)
      }, limit: configuration.data.imageLimit, drawings: directory, files: files, keepsResults: json != nil)
    for run in list.runs(of: detector.batch) {
      switch run {
      case .images(let images): session.detect(images)
      case .video(let path, let drawing): session.detect(video: path, drawing: drawing)
      }
    }
    try session.files.finish(detector.classNames)
    try output?.write(session.results)
    let all = Quantities.count(list.paths.count + list.errors.count, "image")
    let unread = session.unread + list.errors.count
    if unread > 0 {
      logger.error("\(unread) of \(all) cannot be read and \(unread == 1 ? "is" : "are") left out")
    }
    if session.undrawn > 0 { logger.error("\(session.undrawn) of \(all) cannot be drawn") }
    if session.unwritten > 0 { logger.error("annotations of \(session.unwritten) of \(all) cannot be written") }
    if session.undrawn + session.unwritten > 0 { throw ExitCode(ExitStatus.disk.rawValue) }
    if unread > 0 { throw ExitCode(ExitStatus.data.rawValue) }
  }
}

extension ImageList {
  /// What is looked at together.
  enum Run {
    /// Images and the names of their drawings.
    case images([(path: String, drawing: String)])
    /// A video and the name of its drawing.
    case video(String, drawing: String)
  }

  /// The images in batches, and videos by themselves, in order.
  func runs(of batch: Int) -> [Run] {
    var runs: [Run] = []
    var images: [(path: String, drawing: String)] = []
    func closed() -> [Run] { images.isEmpty ? [] : [.images(images)] }
    for (path, drawing) in zip(paths, drawingNames) {
      if VideoReader.isVideo(path) {
        runs += closed() + [.video(path, drawing: drawing)]
        images = []
      } else {
        images.append((path, drawing))
        if images.count == batch {
          runs += closed()
          images = []
        }
      }
    }
    return runs + closed()
  }
}
