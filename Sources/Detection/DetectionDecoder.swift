import Kernels

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
  ///   - kernels: the C kernels.
  ///   - forEach: calls a function with 0, 1, … below a count, one after the other or at once.
  package func decode(
    locations: UnsafePointer<Float>, confidences: UnsafePointer<Float>, kernels: Kernels,
    forEach: (_ count: Int, _ body: (Int) -> Void) -> Void = { count, body in for index in 0..<count { body(index) } }
  ) -> [DetectedObject] {
    let count = defaultBoxes.count
    var boxes = [CornerBox](repeating: CornerBox(xMin: 0, yMin: 0, xMax: 0, yMax: 0), count: count)
    var ofClasses = [[Candidate]](repeating: [], count: classCount - 1)
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: (classCount - 1) * count) { keys in
      guard let keys = keys.baseAddress else { return }
      // A loop of one as well: whoever runs loops may have another arithmetic for numbers near 0.
      forEach(1) { _ in
        boxes.withUnsafeMutableBufferPointer { writeKeys(locations, confidences, $0, keys, kernels) }
      }
      ofClasses.withUnsafeMutableBufferPointer { ofClasses in
        forEach(ofClasses.count) { index in
          ofClasses[index] = candidates(label: index + 1, keys: keys + index * count, boxes, kernels)
        }
      }
    }
    return best(ofClasses.flatMap { $0 }).map { object in
      DetectedObject(box: object.box.clippedToImage, label: object.label, score: object.score)
    }
  }

  /// Writes the sort keys of the scores above the threshold, [classes − 1, D], and `excluded` for all others, and the boxes that have a score
  /// above it.
  private func writeKeys(
    _ locations: UnsafePointer<Float>, _ confidences: UnsafePointer<Float>,
    _ boxes: UnsafeMutableBufferPointer<CornerBox>, _ keys: UnsafeMutablePointer<Int32>, _ kernels: Kernels
  ) {
    let count = defaultBoxes.count
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { isCandidate in
      kernels.scoreKeys(
        confidences, rows: count, classes: classCount, threshold: settings.scoreThreshold, into: keys,
        reaches: isCandidate.baseAddress!)
      for index in 0..<count where isCandidate[index] != 0 {
        let box = box(index, locations)
        boxes[index] = box
        if box.isFinite { continue }
        for label in 1..<classCount { keys[(label - 1) * count + index] = LargestValues.excluded }
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
  private func candidates(
    label: Int, keys: UnsafePointer<Int32>, _ boxes: [CornerBox], _ kernels: Kernels
  ) -> [Candidate] {
    let count = defaultBoxes.count
    let number = LargestValues.number(of: keys, count: count, atLeast: 0)
    if number == 0 { return [] }
    let wanted = min(number, settings.topK)
    // The complement of the key above the index: numbers, which sort faster than structures.
    var order: [UInt64] = []
    order.reserveCapacity(wanted)
    LargestValues.forEach(wanted, ofKeys: keys, count: count) { index in
      order.append(UInt64(~UInt32(bitPattern: keys[index])) << 32 | UInt64(index))
    }
    order.sort()
    let indices = order.map { Int($0 & 0xFFFF_FFFF) }
    let survivors = nonMaximumSuppression(
      indices.map { boxes[$0] }, threshold: settings.nmsThreshold, kernels: kernels)
    return survivors.map { place in
      let index = indices[place]
      return Candidate(defaultBox: index, score: LargestValues.value(keys[index]), label: label, box: boxes[index])
    }
  }

  /// The objects to keep of those of all classes, class by class and of each class by falling score, then rising default box.
  private func best(_ candidates: [Candidate]) -> [Candidate] {
    guard candidates.count > settings.keep else { return candidates.sorted(by: Candidate.precedes) }
    let keys = candidates.map { LargestValues.key($0.score) }
    var best: [Candidate] = []
    LargestValues.forEach(settings.keep, ofKeys: keys, count: keys.count) { best.append(candidates[$0]) }
    return best.sorted(by: Candidate.precedes)
  }
}

extension CornerBox {
  /// Whether all four corners are finite.
  fileprivate var isFinite: Bool {
    xMin.isFinite && yMin.isFinite && xMax.isFinite && yMax.isFinite
  }
}
