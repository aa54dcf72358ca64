import Kernels

/// Greedy non-maximum suppression: a box is dropped if its IoU with a kept box before it exceeds the threshold.
///
/// - Parameters:
///   - boxes: in order of falling score.
///   - threshold: IoU above which two boxes are taken for the same object.
///   - kernels: the C kernels.
/// - Returns: indices of the boxes kept, ascending.
package func nonMaximumSuppression(_ boxes: [CornerBox], threshold: Float, kernels: Kernels) -> [Int] {
  var kept = KeptBoxes()
  for (index, box) in boxes.enumerated() where !kept.overlaps(box, by: threshold, kernels) { kept.append(index, box) }
  return kept.indices
}

/// Boxes side by side, so that another one is compared with several of them at once.
private struct KeptBoxes {
  /// In the order in which they were kept.
  private(set) var indices: [Int] = []
  /// [group][corners and area][box]; those that are missing have no area.
  private var groups: [Float] = []

  private static let size = Kernels.boxGroup
  private static let groupCount = 5 * size

  mutating func append(_ index: Int, _ box: CornerBox) {
    let (group, place) = indices.count.quotientAndRemainder(dividingBy: Self.size)
    if place == 0 { groups += repeatElement(0, count: Self.groupCount) }
    let first = group * Self.groupCount + place
    groups[first] = box.xMin
    groups[first + Self.size] = box.yMin
    groups[first + 2 * Self.size] = box.xMax
    groups[first + 3 * Self.size] = box.yMax
    groups[first + 4 * Self.size] = box.area
    indices.append(index)
  }

  /// Whether the IoU with one of the boxes exceeds the threshold: ``CornerBox/intersectionOverUnion(with:)``.
  func overlaps(_ box: CornerBox, by threshold: Float, _ kernels: Kernels) -> Bool {
    kernels.hasOverlap(
      left: box.xMin, top: box.yMin, right: box.xMax, bottom: box.yMax, others: groups,
      groups: groups.count / Self.groupCount, threshold: threshold)
  }
}
