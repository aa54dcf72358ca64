import Evaluation
import Files
import Foundation
import Images
import Inference
import Logging

/// Images on their way through a detector into files. What goes wrong with one is said and counted, and the others go on.
struct DetectionSession {
  /// For `--json`; empty where it is not wanted.
  private(set) var results: [ImageDetections] = []
  /// Annotations that were written.
  private(set) var files: AnnotationFiles
  /// Images that cannot be read, drawn, and written as annotations.
  private(set) var (unread, undrawn, unwritten) = (0, 0, 0)

  private let detector: Detector
  private let tiling: TiledDetector?
  private let limit: ImageLimit
  private let drawings: String?
  private let keepsResults: Bool
  private let logger = Logger(label: "multibox")

  /// - Parameters:
  ///   - tiling: what looks at parts of images; nil to look at whole ones.
  ///   - drawings: the directory for drawings; nil for none.
  init(
    _ detector: Detector, tiling: TiledDetector?, limit: ImageLimit, drawings: String?, files: AnnotationFiles,
    keepsResults: Bool
  ) {
    (self.detector, self.tiling, self.limit, self.drawings) = (detector, tiling, limit, drawings)
    (self.files, self.keepsResults) = (files, keepsResults)
  }

  private func detections(in images: [Image]) -> [[PixelDetection]] {
    guard let tiling else { return detector.detect(images) }
    return images.map { image in
      var said = ContinuousClock.now
      return tiling.detect(image) { done, all in
        guard done < all, said.duration(to: .now) > .seconds(10) else { return }
        said = .now
        logger.info("\(done) of \(all) parts of an image")
      }
    }
  }

  /// Images of a batch.
  mutating func detect(_ batch: [(path: String, drawing: String)]) {
    var images: [(path: String, drawing: String, image: Image)] = []
    for (path, drawing) in batch {
      do {
        images.append((path, drawing, try read(path)))
      } catch {
        logger.error("\(error)")
        unread += 1
      }
    }
    if images.isEmpty { return }
    for ((path, drawing, image), found) in zip(images, detections(in: images.map(\.image))) {
      var result = DetectedImage(path, image, found)
      if files.areOfStoredImages, path != ImageList.standardInput {
        result.orientation = (try? ImageHeader(ofFile: path, limit: limit))?.orientation ?? 1
      }
      if let drawings {
        do {
          try draw(result, on: image).writePNG(to: "\(drawings)/\(drawing)")
        } catch {
          logger.error("\(error)")
          undrawn += 1
        }
      }
      keep(result)
      logger.info("\(path): \(result.summary(detector.classNames))")
    }
  }

  private func read(_ path: String) throws -> Image {
    guard path == ImageList.standardInput else { return try Image(uprightContentsOf: path, limit: limit) }
    let bytes = [UInt8](FileHandle.standardInput.readDataToEndOfFile())
    return try Image(uprightDecoding: bytes, path: "standard input", limit: limit)
  }

  /// A video, frame by frame.
  mutating func detect(video path: String, drawing: String) {
    var (count, objects) = (0, 0)
    do {
      let reader = try VideoReader(path)
      var writer = try video("\(drawing)", of: path)
      var frames: [Image] = []
      func flush() throws {
        for (frame, found) in zip(frames, detections(in: frames)) {
          let result = DetectedImage(path, frame: count, frame, found)
          count += 1
          objects += found.count
          if let current = writer {
            let drawn = draw(result, on: frame)
            writer = carefully(current) { try $0.append(drawn) }
          }
          keep(result)
          if count.isMultiple(of: 100) { logger.info("\(path): \(count) frames") }
        }
        frames = []
      }
      while let frame = try reader.next() {
        frames.append(frame)
        if frames.count == detector.batch { try flush() }
      }
      try flush()
      _ = carefully(writer) { try $0.finish() }
      logger.info("\(path): \(Quantities.count(objects, "object")) in \(Quantities.count(count, "frame"))")
    } catch {
      logger.error("\(error)\(count > 0 ? ", after \(Quantities.count(count, "frame"))" : "")")
      unread += 1
    }
  }

  /// What draws a video; nil where it is not wanted, or cannot be written, which is said.
  private mutating func video(_ name: String, of path: String) throws -> VideoWriter? {
    guard let drawings else { return nil }
    let rate = try FFmpeg.framesPerSecond(of: path)
    do {
      return try VideoWriter("\(drawings)/\(name)", framesPerSecond: rate)
    } catch {
      logger.error("\(error)")
      undrawn += 1
      return nil
    }
  }

  /// The writer again, or nil when it failed, which is said: detections are still kept.
  private mutating func carefully(_ writer: VideoWriter?, _ body: (VideoWriter) throws -> Void) -> VideoWriter? {
    do {
      try writer.map(body)
      return writer
    } catch {
      logger.error("\(error)")
      undrawn += 1
      return nil
    }
  }

  private mutating func keep(_ result: DetectedImage) {
    if keepsResults { results.append(ImageDetections(result, detector.classNames)) }
    do {
      try files.append(result, detector.classNames)
    } catch {
      logger.error("\(error)")
      unwritten += 1
    }
  }

  private func draw(_ result: DetectedImage, on image: Image) -> Image {
    let boxes = result.detections.map { detection in
      let box = detection.box
      return LabelledBox(
        left: box.xMin, top: box.yMin, right: box.xMax, bottom: box.yMax,
        name: detector.classNames[detection.label - 1], score: detection.score, classIndex: detection.label - 1)
    }
    return BoxPainter.paint(boxes, on: image)
  }
}
