/// Which default boxes a ground-truth box claims.
package enum MatchingRule: String, Sendable, CaseIterable {
  /// The authors' release: first pairs are formed one to one in order of falling IoU, so that every ground-truth box gets
  /// a default box of its own; then each default box left takes its best ground truth if the IoU reaches the threshold.
  case bipartite
  /// torchvision and most ports: each default box takes its best ground truth if the IoU reaches the threshold; then
  /// each ground-truth box takes its best default box. Where two share it the last one wins, the others may end up
  /// without any.
  case argmax
}

/// What the network should answer for one image.
///
/// A negative overlaps every ground-truth box by less than the threshold, under both rules, so each negative may be
/// mined.
package struct MatchedTargets: Sendable, Equatable {
  /// Class of each default box, [D]; 0 is negative.
  package let labels: [Int32]
  /// Encoded ground truth of each positive, [D]; zero for negatives.
  package let locations: [Location]
  /// Number of positives.
  package let positiveCount: Int
}

/// Matches the ground truth of an image with default boxes.
///
/// Ties are broken by the lowest default box, then by the lowest ground-truth box.
///
/// ### Source
/// Liu et al. 2016, section 2.2; `MatchBBox` of the authors' release; torchvision's `SSDMatcher`.
package struct Matcher: Sendable {
  /// The boxes to match with.
  package let defaultBoxes: DefaultBoxes
  /// Encodes the targets.
  package let coder: BoxCoder
  /// Who claims what.
  package let rule: MatchingRule
  /// IoU from which a default box becomes positive.
  package let threshold: Float

  /// A smaller IoU counts as no overlap and forms no one-to-one pair.
  private static let smallestOverlap: Float = 1e-6

  /// Creates a matcher.
  package init(
    defaultBoxes: DefaultBoxes, coder: BoxCoder = BoxCoder(), rule: MatchingRule = .bipartite, threshold: Float = 0.5
  ) {
    precondition(threshold > 0 && threshold <= 1, "matching threshold must be in (0, 1], got \(threshold)")
    self.defaultBoxes = defaultBoxes
    self.coder = coder
    self.rule = rule
    self.threshold = threshold
  }

  /// Targets of an image with `groundTruth`, difficult objects included.
  ///
  /// - Precondition: every box is nondegenerate and has a label above 0.
  package func match(_ groundTruth: [GroundTruth]) -> MatchedTargets {
    var labels = [Int32](repeating: 0, count: defaultBoxes.count)
    var locations = [Location](repeating: .zero, count: defaultBoxes.count)
    var positiveCount = 0
    for (index, match) in matches(with: groundTruth).enumerated() where match >= 0 {
      let object = groundTruth[Int(match)]
      labels[index] = Int32(object.label)
      locations[index] = coder.encode(object.box, relativeTo: defaultBoxes.centered[index])
      positiveCount += 1
    }
    return MatchedTargets(labels: labels, locations: locations, positiveCount: positiveCount)
  }

  /// Index of the ground-truth box each default box is matched to, or −1.
  private func matches(with groundTruth: [GroundTruth]) -> [Int32] {
    for (index, object) in groundTruth.enumerated() {
      precondition(
        object.box.isNondegenerate && object.label > 0, "ground truth \(index) cannot be matched: \(object)")
    }
    let count = defaultBoxes.count
    var matches = [Int32](repeating: -1, count: count)
    if groundTruth.isEmpty { return matches }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: groundTruth.count * count) { overlaps in
      fill(overlaps, groundTruth)
      takeBest(overlaps, into: &matches)
      switch rule {
      case .bipartite: pairOneToOne(overlaps, groundTruthCount: groundTruth.count, into: &matches)
      case .argmax: forceBest(overlaps, groundTruthCount: groundTruth.count, into: &matches)
      }
    }
    return matches
  }

  /// Writes the IoU of every ground-truth box with every default box, [ground truth, D].
  private func fill(_ overlaps: UnsafeMutableBufferPointer<Float>, _ groundTruth: [GroundTruth]) {
    guard var row = overlaps.baseAddress else { return }
    let count = defaultBoxes.count
    defaultBoxes.planes.withUnsafeBufferPointer { planes in
      guard let xMin = planes.baseAddress else { return }
      let yMin = xMin + count
      let xMax = yMin + count
      let yMax = xMax + count
      let area = yMax + count
      for object in groundTruth {
        let box = object.box
        let boxArea = box.area
        for index in 0..<count {
          let intersection = CornerBox(xMin: xMin[index], yMin: yMin[index], xMax: xMax[index], yMax: yMax[index])
            .intersectionArea(with: box)
          row[index] = intersection / (area[index] + boxArea - intersection)
        }
        row += count
      }
    }
  }

  /// Each default box takes its best ground truth if the IoU reaches the threshold.
  private func takeBest(_ overlaps: UnsafeMutableBufferPointer<Float>, into matches: inout [Int32]) {
    let count = matches.count
    guard var row = UnsafePointer(overlaps.baseAddress) else { return }
    // A strict comparison from just below the threshold on: the lowest of equal ground-truth boxes wins.
    var best = [Float](repeating: threshold.nextDown, count: count)
    matches.withUnsafeMutableBufferPointer { matches in
      best.withUnsafeMutableBufferPointer { best in
        guard let matches = matches.baseAddress, let best = best.baseAddress else { return }
        for object in 0..<Int32(overlaps.count / count) {
          for index in 0..<count {
            let better = row[index] > best[index]
            matches[index] = better ? object : matches[index]
            best[index] = better ? row[index] : best[index]
          }
          row += count
        }
      }
    }
  }

  /// Each ground-truth box takes its best default box; the last one wins.
  private func forceBest(
    _ overlaps: UnsafeMutableBufferPointer<Float>, groundTruthCount: Int, into matches: inout [Int32]
  ) {
    for object in 0..<groundTruthCount {
      matches[best(of: object, overlaps).index] = Int32(object)
    }
  }

  /// The pair of largest IoU is matched and both leave the game, until no ground truth is left.
  private func pairOneToOne(
    _ overlaps: UnsafeMutableBufferPointer<Float>, groundTruthCount: Int, into matches: inout [Int32]
  ) {
    let count = matches.count
    var waiting = (0..<groundTruthCount).map { (object: $0, best: best(of: $0, overlaps)) }
    // Of equal pairs the lowest ground truth is first; it already holds the lowest default box it can have.
    while let first = waiting.indices.min(by: { waiting[$0].best.overlap > waiting[$1].best.overlap }) {
      let (object, pair) = waiting.remove(at: first)
      if pair.overlap <= Self.smallestOverlap { return }
      matches[pair.index] = Int32(object)
      for position in waiting.indices {
        overlaps[waiting[position].object * count + pair.index] = 0
        if waiting[position].best.index == pair.index {
          waiting[position].best = best(of: waiting[position].object, overlaps)
        }
      }
    }
  }

  /// The default box of largest IoU with a ground-truth box, the lowest of equals.
  private func best(of object: Int, _ overlaps: UnsafeMutableBufferPointer<Float>) -> (index: Int, overlap: Float) {
    let count = defaultBoxes.count
    let row = overlaps[object * count..<(object + 1) * count]
    var best = (index: 0, overlap: Float(-1))
    for (index, overlap) in row.enumerated() where overlap > best.overlap {
      best = (index, overlap)
    }
    return best
  }
}
