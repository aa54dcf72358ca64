/// Turns the network's output for one image into detected objects: softmax, decoding, per-class non-maximum suppression.
///
/// ### Source
/// Liu et al. 2016, section 2.2 and 3.1, `DetectionOutput` of the authors' release; torchvision's `SSD`.
package struct DetectionDecoder: Sendable {
  /// When boxes are cut at the border of the image.
  package enum Clipping: String, Sendable, CaseIterable {
    /// IoU is taken between clipped boxes (torchvision).
    case beforeNMS
    /// IoU is taken between whole boxes (the authors' release).
    case afterNMS
  }

  /// What is kept.
  package struct Settings: Sendable, Equatable {
    /// A class whose score does not exceed it is dropped.
    package var scoreThreshold: Float
    /// Of two boxes of a class with a larger IoU the one with the lower score is dropped.
    package var nmsThreshold: Float
    /// Boxes of a class that enter suppression, best first.
    package var topK: Int
    /// Objects of an image, best first.
    package var keep: Int
    /// When boxes are cut at the border of the image.
    package var clipping: Clipping

    /// Creates settings; the defaults are the authors'.
    package init(
      scoreThreshold: Float = 0.01, nmsThreshold: Float = 0.45, topK: Int = 400, keep: Int = 200,
      clipping: Clipping = .afterNMS
    ) {
      self.scoreThreshold = scoreThreshold
      self.nmsThreshold = nmsThreshold
      self.topK = topK
      self.keep = keep
      self.clipping = clipping
    }
  }

  /// The boxes locations are relative to.
  package let defaultBoxes: DefaultBoxes
  /// Decodes locations.
  package let coder: BoxCoder
  /// Number of classes, background included.
  package let classCount: Int
  /// What is kept.
  package let settings: Settings

  /// Creates a decoder.
  ///
  /// - Precondition: the score threshold is not negative and the numbers to keep are positive.
  package init(
    defaultBoxes: DefaultBoxes, coder: BoxCoder = BoxCoder(), classCount: Int, settings: Settings = Settings()
  ) {
    precondition(classCount >= 2, "decoding needs background and at least one class, got classCount \(classCount)")
    precondition(
      settings.scoreThreshold >= 0 && settings.topK > 0 && settings.keep > 0, "cannot decode with \(settings)")
    self.defaultBoxes = defaultBoxes
    self.coder = coder
    self.classCount = classCount
    self.settings = settings
  }

  /// A box of some class that suppression has left.
  private struct Candidate {
    var defaultBox: Int
    var score: Float
    var label: Int
    var box: CornerBox

    /// Falling score, then rising class, then rising default box.
    static func precedes(_ one: Candidate, _ other: Candidate) -> Bool {
      if one.score != other.score { return one.score > other.score }
      return (one.label, one.defaultBox) < (other.label, other.defaultBox)
    }
  }

  /// The objects of one image by falling score; equal scores by class, then default box.
  ///
  /// A default box whose logits or decoded box are not finite yields no object.
  ///
  /// - Parameters:
  ///   - locations: regression output, [D, 4].
  ///   - confidences: logits, [D, classes].
  ///   - forEach: calls a function with 0, 1, … below a count, one after the other or at once.
  package func decode(
    locations: UnsafePointer<Float>, confidences: UnsafePointer<Float>,
    forEach: (_ count: Int, _ body: (Int) -> Void) -> Void = { count, body in for index in 0..<count { body(index) } }
  ) -> [DetectedObject] {
    let count = defaultBoxes.count
    var boxes = [CornerBox](repeating: CornerBox(xMin: 0, yMin: 0, xMax: 0, yMax: 0), count: count)
    var ofClasses = [[Candidate]](repeating: [], count: classCount - 1)
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: (classCount - 1) * count) { keys in
      guard let keys = keys.baseAddress else { return }
      // A loop of one as well: whoever runs loops may have another arithmetic for numbers near 0.
      forEach(1) { _ in
        boxes.withUnsafeMutableBufferPointer { writeKeys(locations, confidences, $0, keys) }
      }
      ofClasses.withUnsafeMutableBufferPointer { ofClasses in
        forEach(ofClasses.count) { index in
          ofClasses[index] = candidates(label: index + 1, keys: keys + index * count, boxes)
        }
      }
    }
    return best(ofClasses.flatMap { $0 }).map { object in
      DetectedObject(box: object.box.clippedToImage, label: object.label, score: object.score)
    }
  }

  /// Writes the sort keys of the scores above the threshold, [classes − 1, D], and `excluded` for all others, and the boxes that have a score
  /// above it. Eight default boxes are computed at once.
  private func writeKeys(
    _ locations: UnsafePointer<Float>, _ confidences: UnsafePointer<Float>,
    _ boxes: UnsafeMutableBufferPointer<CornerBox>, _ keys: UnsafeMutablePointer<Int32>
  ) {
    let (count, classCount) = (defaultBoxes.count, classCount)
    let threshold = SIMD8(repeating: settings.scoreThreshold)
    let excluded = SIMD8(repeating: LargestValues.excluded)
    withUnsafeTemporaryAllocation(of: SIMD8<Float>.self, capacity: classCount) { columns in
      for first in stride(from: 0, to: count, by: 8) {
        let rows = min(8, count - first)
        for label in 0..<classCount {
          let column = confidences + first * classCount + label
          for row in 0..<8 { columns[label][row] = column[min(row, rows - 1) * classCount] }
        }
        let sums = replaceByExponentials(columns)
        var isCandidate = SIMDMask<SIMD8<Int32>>(repeating: false)
        for label in 1..<classCount {
          let scores = columns[label] / sums
          let isAbove = scores .> threshold
          isCandidate .|= isAbove
          let values = excluded.replacing(with: unsafeBitCast(scores, to: SIMD8<Int32>.self), where: isAbove)
          let place = keys + (label - 1) * count + first
          if rows == 8 {
            UnsafeMutableRawPointer(place).storeBytes(of: values, as: SIMD8<Int32>.self)
          } else {
            for row in 0..<rows { place[row] = values[row] }
          }
        }
        for row in 0..<rows where isCandidate[row] {
          let box = box(first + row, locations)
          boxes[first + row] = box
          if box.isFinite { continue }
          for label in 1..<classCount { keys[(label - 1) * count + first + row] = LargestValues.excluded }
        }
      }
    }
  }

  private func box(_ index: Int, _ locations: UnsafePointer<Float>) -> CornerBox {
    let row = locations + index * 4
    let location = Location(row[0], row[1], row[2], row[3])
    let box = coder.decode(location, relativeTo: defaultBoxes.centered[index]).corners
    return settings.clipping == .beforeNMS && box.isFinite ? box.clippedToImage : box
  }

  /// What suppression leaves of the best boxes of a class, by falling score, then rising default box.
  private func candidates(label: Int, keys: UnsafePointer<Int32>, _ boxes: [CornerBox]) -> [Candidate] {
    let count = defaultBoxes.count
    var number = 0
    for index in 0..<count where keys[index] != LargestValues.excluded {
      number += 1
    }
    if number == 0 { return [] }
    var best = LargestValues(min(number, settings.topK), ofKeys: keys, count: count)
    // The complement of the key above the index: numbers, which sort faster than structures.
    var order: [UInt64] = []
    order.reserveCapacity(min(number, settings.topK))
    for index in 0..<count where best.takes(keys[index]) {
      order.append(UInt64(~UInt32(bitPattern: keys[index])) << 32 | UInt64(index))
    }
    order.sort()
    let indices = order.map { Int($0 & 0xFFFF_FFFF) }
    return nonMaximumSuppression(indices.map { boxes[$0] }, threshold: settings.nmsThreshold).map { place in
      let index = indices[place]
      return Candidate(defaultBox: index, score: LargestValues.value(keys[index]), label: label, box: boxes[index])
    }
  }

  /// The objects to keep of those of all classes, class by class and of each class by falling score, then rising default box.
  private func best(_ candidates: [Candidate]) -> [Candidate] {
    var candidates = candidates
    if candidates.count > settings.keep {
      let keys = candidates.map { LargestValues.key($0.score) }
      var best = LargestValues(settings.keep, ofKeys: keys, count: keys.count)
      candidates = zip(candidates, keys).filter { best.takes($0.1) }.map(\.0)
    }
    return candidates.sorted(by: Candidate.precedes)
  }
}

extension CornerBox {
  /// Whether all four corners are finite.
  fileprivate var isFinite: Bool {
    xMin.isFinite && yMin.isFinite && xMax.isFinite && yMax.isFinite
  }
}
