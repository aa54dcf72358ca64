import CKernels

/// From the network's outputs to objects. Results are the same with every instruction set.
extension Kernels {
  /// Boxes that are compared at once.
  package static let boxGroup = 16

  /// Softmax of `rows` rows of logits, [rows, classes], of all classes but the first. `keys`, [classes − 1, rows], are set to the bits of
  /// scores above the threshold, and to −1 elsewhere; `reaches`, [rows], to 1 where there is one, and to 0 elsewhere.
  package func scoreKeys(
    _ logits: UnsafePointer<Float>, rows: Int, classes: Int, threshold: Float, into keys: UnsafeMutablePointer<Int32>,
    reaches: UnsafeMutablePointer<UInt8>
  ) {
    precondition(
      rows >= 0 && classes > 1 && threshold >= 0, "\(rows) rows of \(classes) classes, threshold \(threshold)")
    table.pointee.score_keys(rows, classes, logits, threshold, rows, keys, reaches)
  }

  /// Whether the IoU of a box with one of others exceeds a threshold. These are in groups of ``boxGroup``, [group][5][boxGroup]: x of the
  /// left, y of the top, x of the right, y of the bottom, area; those that are missing are zero.
  package func hasOverlap(
    left: Float, top: Float, right: Float, bottom: Float, others: UnsafePointer<Float>, groups: Int, threshold: Float
  ) -> Bool {
    precondition(groups >= 0, "\(groups) groups")
    return table.pointee.overlaps_box(left, top, right, bottom, groups, others, threshold)
  }
}
