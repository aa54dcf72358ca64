/// How many annotated boxes have a default box that overlaps them well, and which other default boxes would reach more.
///
/// A box without such a default box is still matched with its best one, but with that one only, so it is learnt slowly.
package struct DefaultBoxReach: Sendable {
  /// The largest IoU of each box with any default box.
  package let overlaps: [Float]
  /// The IoU that counts as reached.
  package let threshold: Float

  /// Measures boxes in fractions of the image.
  ///
  /// - Parameter threshold: the IoU from which training matches.
  package init(_ boxes: [CornerBox], defaultBoxes: DefaultBoxes, threshold: Float = 0.5) {
    self.threshold = threshold
    overlaps = boxes.map { defaultBoxes.largestOverlap(with: $0) }
  }

  /// Boxes with an IoU of at least the threshold.
  package var reachedCount: Int { overlaps.count { $0 >= threshold } }
}

extension DefaultBoxes {
  /// The largest IoU of any default box with `box`, 0 … 1.
  package func largestOverlap(with box: CornerBox) -> Float {
    let (count, boxArea) = (count, box.area)
    return planes.withUnsafeBufferPointer { planes in
      var best: Float = 0
      for index in 0..<count {
        let intersection = CornerBox(
          xMin: planes[index], yMin: planes[count + index], xMax: planes[2 * count + index],
          yMax: planes[3 * count + index]
        ).intersectionArea(with: box)
        let overlap = intersection / (planes[4 * count + index] + boxArea - intersection)
        best = overlap > best ? overlap : best
      }
      return best
    }
  }
}

extension DefaultBoxLayout {
  /// Changes of the layout that reach more of the given boxes, each together with those before it.
  ///
  /// Tried are further aspect ratios, map by map, and a smaller first map. A change is taken when it reaches at least a tenth
  /// of the boxes that were left, at most three times.
  ///
  /// - Parameter boxes: in fractions of the image; of more than 2000 an even sample is used.
  package func reachingMore(_ boxes: [CornerBox], threshold: Float = 0.5) -> DefaultBoxLayout {
    let step = max(1, (boxes.count + 1999) / 2000)
    let sample = stride(from: 0, to: boxes.count, by: step).map { boxes[$0] }
    func missed(_ layout: DefaultBoxLayout) -> Int {
      sample.count - DefaultBoxReach(sample, defaultBoxes: DefaultBoxes(layout), threshold: threshold).reachedCount
    }
    var (best, left) = (self, missed(self))
    for _ in 0..<3 where left > 0 {
      let tried = best.variants.map { (layout: $0, missed: missed($0)) }
      guard let next = tried.min(by: { $0.missed < $1.missed }), 10 * (left - next.missed) >= left else { break }
      (best, left) = (next.layout, next.missed)
    }
    return best
  }

  /// Layouts that differ in one number.
  private var variants: [DefaultBoxLayout] {
    var variants: [DefaultBoxLayout] = []
    for (index, map) in featureMaps.enumerated() {
      for ratio in [1.5, 2, 3, 4, 6] where !map.aspectRatios.contains(ratio) {
        variants.append(
          replacing(index, minimumSize: map.minimumSize, aspectRatios: (map.aspectRatios + [ratio]).sorted()))
      }
    }
    let first = featureMaps[0]
    for factor in [0.75, 0.5, 0.35] {
      variants.append(
        replacing(0, minimumSize: (first.minimumSize * factor).rounded(), aspectRatios: first.aspectRatios))
    }
    return variants
  }

  private func replacing(_ index: Int, minimumSize: Double, aspectRatios: [Double]) -> DefaultBoxLayout {
    var maps = featureMaps
    let map = maps[index]
    maps[index] = FeatureMap(
      rows: map.rows, columns: map.columns, step: map.step, minimumSize: max(1, minimumSize),
      maximumSize: map.maximumSize, aspectRatios: aspectRatios)
    return DefaultBoxLayout(
      validImageHeight: imageHeight, imageWidth: imageWidth, featureMaps: maps, clipping: clipping)
  }
}
