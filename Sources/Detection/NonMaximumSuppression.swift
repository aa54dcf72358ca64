/// Greedy non-maximum suppression: a box is dropped if its IoU with a kept box before it exceeds the threshold.
///
/// - Parameters:
///   - boxes: in order of falling score.
///   - threshold: IoU above which two boxes are taken for the same object.
/// - Returns: indices of the boxes kept, ascending.
package func nonMaximumSuppression(_ boxes: [CornerBox], threshold: Float) -> [Int] {
  var kept = KeptBoxes()
  for (index, box) in boxes.enumerated() where !kept.overlaps(box, by: threshold) { kept.append(index, box) }
  return kept.indices
}

/// Boxes side by side, so that another one is compared with eight of them at once.
private struct KeptBoxes {
  /// Eight boxes; those that are missing have no area.
  private struct Group {
    var (xMin, yMin, xMax, yMax) = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
    var area = SIMD8<Float>.zero
  }

  /// In the order in which they were kept.
  private(set) var indices: [Int] = []
  private var groups: [Group] = []

  mutating func append(_ index: Int, _ box: CornerBox) {
    let lane = indices.count % 8
    if lane == 0 { groups.append(Group()) }
    let last = groups.count - 1
    groups[last].xMin[lane] = box.xMin
    groups[last].yMin[lane] = box.yMin
    groups[last].xMax[lane] = box.xMax
    groups[last].yMax[lane] = box.yMax
    groups[last].area[lane] = box.area
    indices.append(index)
  }

  /// Whether the IoU with one of the boxes exceeds the threshold: ``CornerBox/intersectionOverUnion(with:)``, eight at a time.
  func overlaps(_ box: CornerBox, by threshold: Float) -> Bool {
    let area = SIMD8(repeating: box.area)
    // What is not above this by far is not above the threshold: most boxes need no division.
    let least = threshold * (1 - 0x1p-20)
    for group in groups {
      let width = smaller(group.xMax, than: box.xMax) - larger(group.xMin, than: box.xMin)
      let height = smaller(group.yMax, than: box.yMax) - larger(group.yMin, than: box.yMin)
      let intersection = width.replacing(with: 0, where: width .<= 0) * height.replacing(with: 0, where: height .<= 0)
      let union = group.area + area - intersection
      guard any(intersection .> least * union) else { continue }
      // Without any area there is no overlap: NaN exceeds nothing.
      if any(intersection / union .> threshold) { return true }
    }
    return false
  }

  // Not `pointwiseMin`, which takes one lane after the other.
  @inline(__always) private func smaller(_ values: SIMD8<Float>, than limit: Float) -> SIMD8<Float> {
    values.replacing(with: limit, where: values .> limit)
  }

  @inline(__always) private func larger(_ values: SIMD8<Float>, than limit: Float) -> SIMD8<Float> {
    values.replacing(with: limit, where: values .< limit)
  }
}
