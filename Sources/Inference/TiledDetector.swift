import Evaluation
import Detection
import Images

/// Finds small objects in large images: in the whole image and in parts of it that overlap.
///
/// A part is as large as `side`, or as the image where that is smaller. Boxes of one class that overlap are one object, the one with the highest score. A
/// box that ends at an inner edge of its part may be of an object that goes on there: it gives way to whole boxes, and is dropped already when half of the
/// smaller of the two is common.
package struct TiledDetector {
  /// What finds objects in a part.
  package let detector: Detector
  /// Rows and columns of a part, in pixels of the image.
  package let side: Int
  /// The share of a part that the next one has too.
  package let overlap: Double
  /// Of two boxes of a class with a larger IoU the one with the lower score is dropped.
  package let nmsThreshold: Double
  /// The most objects of an image.
  package let keep: Int

  /// - Precondition: `side` is positive, the overlap below 1.
  package init(_ detector: Detector, side: Int, overlap: Double, nmsThreshold: Double, keep: Int) {
    precondition(side > 0 && overlap >= 0 && overlap < 1, "parts of \(side) pixels that overlap by \(overlap)")
    (self.detector, self.side, self.overlap, self.nmsThreshold, self.keep) = (
      detector, side, overlap, nmsThreshold, keep
    )
  }

  /// Where parts begin along a side of an image; the last one ends where the image does.
  package static func starts(along length: Int, side: Int, overlap: Double) -> [Int] {
    guard length > side else { return [0] }
    let step = max(1, Int((Double(side) * (1 - overlap)).rounded()))
    return stride(from: 0, to: length - side, by: step).map { $0 } + [length - side]
  }

  /// A detection and whether it may go on beyond its part.
  package struct Candidate {
    package var detection: PixelDetection
    package var isCut: Bool

    package init(detection: PixelDetection, isCut: Bool) {
      (self.detection, self.isCut) = (detection, isCut)
    }
  }

  /// The objects of an image, by falling score.
  ///
  /// - Parameter progress: called after every batch of parts with the number of those that are done, and of all.
  package func detect(_ image: Image, progress: (Int, Int) -> Void = { _, _ in }) -> [PixelDetection] {
    func starts(_ length: Int) -> [Int] { Self.starts(along: length, side: side, overlap: overlap) }
    let (rows, columns) = (starts(image.height), starts(image.width))
    var places = [(x: 0, y: 0, width: image.width, height: image.height)]
    if rows.count * columns.count > 1 {
      for y in rows { for x in columns { places.append((x, y, min(side, image.width), min(side, image.height))) } }
    }
    var candidates: [Candidate] = []
    for start in stride(from: 0, to: places.count, by: detector.batch) {
      let batch = places[start..<min(start + detector.batch, places.count)]
      let parts = batch.map { image.part(columns: $0.x..<$0.x + $0.width, rows: $0.y..<$0.y + $0.height) }
      for (place, found) in zip(batch, detector.detect(parts)) {
        candidates += found.map { detection in
          var detection = detection
          let box = detection.box
          let margin = 0.01 * Double(side)
          let isCut =
            (place.x > 0 && box.xMin < margin) || (place.y > 0 && box.yMin < margin)
            || (place.x + place.width < image.width && box.xMax > Double(place.width) - margin)
            || (place.y + place.height < image.height && box.yMax > Double(place.height) - margin)
          detection.box = PixelBox(
            xMin: box.xMin + Double(place.x), yMin: box.yMin + Double(place.y), xMax: box.xMax + Double(place.x),
            yMax: box.yMax + Double(place.y))
          return Candidate(detection: detection, isCut: isCut)
        }
      }
      progress(start + batch.count, places.count)
    }
    return Array(Self.merge(candidates, nmsThreshold: nmsThreshold).prefix(keep))
  }

  /// One detection for each object, by falling score.
  package static func merge(_ candidates: [Candidate], nmsThreshold: Double) -> [PixelDetection] {
    var kept: [PixelDetection] = []
    for isCut in [false, true] {
      let part = candidates.filter { $0.isCut == isCut }.map(\.detection).sorted { $0.score > $1.score }
      for detection in part {
        let isSeen = kept.contains { other in
          guard other.label == detection.label else { return false }
          if other.box.intersectionOverUnion(with: detection.box) > nmsThreshold { return true }
          guard isCut else { return false }
          let common = other.box.intersection(with: detection.box)
          return common > 0.5 * min(other.box.area, detection.box.area)
        }
        if !isSeen { kept.append(detection) }
      }
    }
    return kept.sorted { $0.score > $1.score }
  }
}
