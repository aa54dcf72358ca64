/// Greedy non-maximum suppression: a box is dropped if its IoU with a kept box before it exceeds the threshold.
///
/// - Parameters:
///   - boxes: in order of falling score.
///   - threshold: IoU above which two boxes are taken for the same object.
/// - Returns: indices of the boxes kept, ascending.
package func nonMaximumSuppression(_ boxes: [CornerBox], threshold: Float) -> [Int] {
  var kept: [Int] = []
  for index in boxes.indices
  where !kept.contains(where: { boxes[$0].intersectionOverUnion(with: boxes[index]) > threshold }) {
    kept.append(index)
  }
  return kept
}
