/// A detection and what it found; bit t of the masks is for `COCOProtocol.thresholds[t]`.
struct COCOMatchedDetection {
  let score: Double
  /// Position among the detections of its class and image, by falling score.
  let rank: Int
  /// By area range: whether an object was found.
  var found: InlineArray<4, UInt16> = [0, 0, 0, 0]
  /// By area range: whether the detection does not count.
  var ignored: InlineArray<4, UInt16> = [0, 0, 0, 0]
}

/// The detections of a class, image by image in the order of images.
struct COCOClassMatches {
  var detections: [COCOMatchedDetection] = []
  /// By area range: objects to find.
  var objectCounts: InlineArray<4, Int> = [0, 0, 0, 0]
}

/// Finds which object each detection of one class and image lies on.
///
/// Detections take their turn by falling score. Each takes the object of the largest IoU among those that no detection
/// before has taken, the last of equals; objects that do not count only when no other will do; a crowd may be taken many
/// times. This is done for each threshold and each area range, because which objects count depends on the range.
///
/// ### Source
/// `COCOeval.evaluateImg` of pycocotools 2.0.11.
struct COCOMatching {
  private let objects: [COCOObject]
  private let detections: [COCODetection]
  /// IoU of each detection with each object, [detections, objects].
  private let overlaps: [Double]

  /// - Parameters:
  ///   - objects: of one class and image.
  ///   - detections: of the same, by falling score, at most `COCOProtocol.maximumDetections`.
  init(objects: [COCOObject], detections: [COCODetection]) {
    self.objects = objects
    self.detections = detections
    var overlaps: [Double] = []
    overlaps.reserveCapacity(objects.count * detections.count)
    for detection in detections {
      for object in objects { overlaps.append(detection.box.overlap(with: object.box, isCrowd: object.isCrowd)) }
    }
    self.overlaps = overlaps
  }

  /// Adds the detections to those of the images before.
  func append(to matches: inout COCOClassMatches) {
    var matched = detections.enumerated().map { COCOMatchedDetection(score: $1.score, rank: $0) }
    for area in COCOProtocol.areas.indices {
      let range = COCOProtocol.areas[area]
      let isIgnored = objects.map { $0.isCrowd || $0.isIgnored || !range.contains($0.area) }
      matches.objectCounts[area] += isIgnored.count { !$0 }
      if !objects.isEmpty {
        let order = objects.indices.filter { !isIgnored[$0] } + objects.indices.filter { isIgnored[$0] }
        for threshold in COCOProtocol.thresholds.indices {
          match(&matched, threshold, area: area, order: order, isIgnored: isIgnored)
        }
      }
      for (index, detection) in detections.enumerated() where !range.contains(detection.box.area) {
        matched[index].ignored[area] |= ~matched[index].found[area]
      }
    }
    matches.detections += matched
  }

  /// - Parameters:
  ///   - threshold: a position in `COCOProtocol.thresholds`.
  ///   - area: a position in `COCOProtocol.areas`.
  ///   - order: positions of the objects, those that count first.
  private func match(
    _ matched: inout [COCOMatchedDetection], _ threshold: Int, area: Int, order: [Int], isIgnored: [Bool]
  ) {
    let bit: UInt16 = 1 << UInt16(threshold)
    var isTaken = Array(repeating: false, count: objects.count)
    for detection in detections.indices {
      var largest = min(COCOProtocol.thresholds[threshold], 1 - 1e-10)
      var best: Int?
      for object in order {
        if isTaken[object] && !objects[object].isCrowd { continue }
        if let best, !isIgnored[best], isIgnored[object] { break }
        let overlap = overlaps[detection * objects.count + object]
        if overlap < largest { continue }
        largest = overlap
        best = object
      }
      guard let best else { continue }
      isTaken[best] = true
      if objects[best].isCreditable { matched[detection].found[area] |= bit }
      if isIgnored[best] { matched[detection].ignored[area] |= bit }
    }
  }
}
