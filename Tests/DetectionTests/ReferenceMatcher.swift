import Detection

/// Matching written from the papers' words, slowly. Returns the ground truth of each default box.
func referenceMatches(
  _ defaultBoxes: [CornerBox], _ groundTruth: [CornerBox], rule: MatchingRule, threshold: Float
) -> [Int?] {
  let overlaps = defaultBoxes.map { defaultBox in
    groundTruth.map { defaultBox.intersectionOverUnion(with: $0) }
  }
  func bestGroundTruth(_ index: Int) -> Int? {
    guard let best = overlaps[index].max(), best >= threshold else { return nil }
    return overlaps[index].firstIndex(of: best)
  }
  switch rule {
  case .argmax:
    var matches = defaultBoxes.indices.map(bestGroundTruth)
    for object in groundTruth.indices {
      let column = overlaps.map { $0[object] }
      if let best = column.max(), let index = column.firstIndex(of: best) { matches[index] = object }
    }
    return matches
  case .bipartite:
    let pairs = defaultBoxes.indices.flatMap { index in
      groundTruth.indices.map { (overlap: overlaps[index][$0], index: index, object: $0) }
    }
    var matches = [Int?](repeating: nil, count: defaultBoxes.count)
    var isServed = [Bool](repeating: false, count: groundTruth.count)
    let ordered = pairs.filter { $0.overlap > 1e-6 }
      .sorted { ($1.overlap, $0.index, $0.object) < ($0.overlap, $1.index, $1.object) }
    for pair in ordered where matches[pair.index] == nil && !isServed[pair.object] {
      matches[pair.index] = pair.object
      isServed[pair.object] = true
    }
    return defaultBoxes.indices.map { matches[$0] ?? bestGroundTruth($0) }
  }
}
