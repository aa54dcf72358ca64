/// Chooses, image by image, the negatives that take part in the loss: those with the largest confidence loss.
///
/// ### Source
/// Liu et al. 2016, section 2.2, "hard negative mining".
package struct HardNegativeMining: Sendable, Equatable {
  /// Negatives kept for each positive, at most.
  package let negativesPerPositive: Int

  /// Creates the rule.
  package init(negativesPerPositive: Int = 3) {
    precondition(negativesPerPositive >= 0, "negativesPerPositive must not be negative, got \(negativesPerPositive)")
    self.negativesPerPositive = negativesPerPositive
  }

  /// The share of negatives among the default boxes that take part in the loss, 0 ..< 1.
  package var negativeShare: Float { Float(negativesPerPositive) / Float(negativesPerPositive + 1) }

  /// Marks the default boxes of one image that take part in the confidence loss: all positives, and the hardest negatives,
  /// equally hard ones by lowest index. An image without positives selects nothing.
  ///
  /// - Parameters:
  ///   - losses: confidence loss of each default box, [D]; not negative. NaN counts as the hardest of all.
  ///   - labels: class of each default box, [D]; 0 is negative.
  ///   - positiveCount: number of labels other than 0.
  ///   - keys: scratch, [D].
  ///   - selected: overwritten with the marks, [D].
  package func select(
    losses: UnsafePointer<Float>, labels: UnsafePointer<Int32>, count: Int, positiveCount: Int,
    keys: UnsafeMutablePointer<Int32>, selected: UnsafeMutablePointer<Bool>
  ) {
    for index in 0..<count {
      selected[index] = labels[index] != 0
      keys[index] = labels[index] != 0 ? LargestValues.excluded : LargestValues.key(losses[index])
    }
    let wanted = min(negativesPerPositive * positiveCount, count - positiveCount)
    if wanted == 0 { return }
    LargestValues.forEach(wanted, ofKeys: keys, count: count) { selected[$0] = true }
  }
}
