import Glibc

/// The training objective of one image and its gradient: L = (confidence loss + α · location loss) / N.
///
/// The confidence loss is the softmax cross-entropy of the positives and the mined negatives, the location loss the smooth
/// L1 distance (β = 1) between locations and encoded ground truth, over the four numbers of each positive. N is the
/// number of positives in the *global* batch, known from matching before the network runs: the result must not depend on
/// how images are spread over processes. Without any positive, loss and gradients are exactly zero.
///
/// ### Shapes
/// locations and their gradient [D, 4]; confidences and their gradient [D, classes] with class 0 the background.
///
/// ### Source
/// Liu et al. 2016, section 2.2, equations 1–3.
package struct MultiBoxLoss: Sendable, Equatable {
  /// Number of classes, background included.
  package let classCount: Int
  /// α, the weight of the location loss.
  package let locationWeight: Float
  /// Which negatives take part.
  package let mining: HardNegativeMining

  /// Creates the loss.
  package init(classCount: Int, locationWeight: Float = 1, mining: HardNegativeMining = HardNegativeMining()) {
    precondition(classCount >= 2, "the loss needs background and at least one class, got classCount \(classCount)")
    self.classCount = classCount
    self.locationWeight = locationWeight
    self.mining = mining
  }

  /// Loss of one image or the sum over several, before the weight α and the division by N.
  package struct Sums: Sendable, Equatable, BitwiseCopyable {
    /// Sum of the cross-entropy of positives and mined negatives.
    package var confidence: Double
    /// Sum of the smooth L1 distances of the positives.
    package var location: Double

    /// Creates sums, of nothing by default.
    package init(confidence: Double = 0, location: Double = 0) {
      self.confidence = confidence
      self.location = location
    }

    /// Whether both are.
    package var isFinite: Bool { confidence.isFinite && location.isFinite }

    /// Adds image by image.
    package static func + (one: Sums, other: Sums) -> Sums {
      Sums(confidence: one.confidence + other.confidence, location: one.location + other.location)
    }
  }

  /// Memory of an evaluation, reused from image to image. Each thread needs one of its own.
  package final class Workspace {
    /// D, the number of default boxes it is made for.
    package let defaultBoxCount: Int
    fileprivate let losses: UnsafeMutablePointer<Float>
    fileprivate let sums: UnsafeMutablePointer<Float>
    fileprivate let keys: UnsafeMutablePointer<Int32>
    fileprivate let selected: UnsafeMutablePointer<Bool>

    /// Allocates memory for images of `defaultBoxCount` default boxes.
    package init(defaultBoxCount: Int) {
      precondition(defaultBoxCount > 0, "a workspace needs default boxes, got \(defaultBoxCount)")
      self.defaultBoxCount = defaultBoxCount
      losses = .allocate(capacity: defaultBoxCount)
      sums = .allocate(capacity: defaultBoxCount)
      keys = .allocate(capacity: defaultBoxCount)
      selected = .allocate(capacity: defaultBoxCount)
    }

    deinit {
      losses.deallocate()
      sums.deallocate()
      keys.deallocate()
      selected.deallocate()
    }
  }

  /// The loss (confidence + α · location) / `normalizer` of the sums over a global batch; 0 when `normalizer` is 0.
  package func mean(of sums: Sums, normalizer: Int) -> Double {
    normalizer == 0 ? 0 : (sums.confidence + Double(locationWeight) * sums.location) / Double(normalizer)
  }

  /// Computes the loss sums of one image and overwrites both gradients.
  ///
  /// Logits that are not finite make the sums and gradients NaN or infinite where they take part.
  ///
  /// - Parameters:
  ///   - locations: regression output, [D, 4].
  ///   - confidences: logits, [D, classes].
  ///   - targets: what matching asked for.
  ///   - normalizer: N, the number of positives of the global batch, this image's included.
  ///   - locationGradients: dL/d(locations), [D, 4], divided by N; exactly zero for negatives.
  ///   - confidenceGradients: dL/d(confidences), [D, classes], divided by N; exactly zero where a box takes no part.
  ///   - workspace: scratch memory for D default boxes, not used by another thread meanwhile.
  package func evaluate(
    locations: UnsafePointer<Float>, confidences: UnsafePointer<Float>, targets: MatchedTargets, normalizer: Int,
    locationGradients: UnsafeMutablePointer<Float>, confidenceGradients: UnsafeMutablePointer<Float>,
    workspace: Workspace
  ) -> Sums {
    let count = workspace.defaultBoxCount
    precondition(
      targets.labels.count == count, "targets for \(targets.labels.count) default boxes, workspace for \(count)")
    precondition(
      normalizer >= targets.positiveCount,
      "normalizer \(normalizer) is smaller than the image's \(targets.positiveCount) positives")
    if targets.positiveCount == 0 {
      locationGradients.update(repeating: 0, count: count * 4)
      confidenceGradients.update(repeating: 0, count: count * classCount)
      return Sums()
    }
    let scale = 1 / Float(normalizer)
    let location = targets.labels.withUnsafeBufferPointer { labels in
      locationLoss(locations, targets.locations, labels, scale, locationGradients)
    }
    let confidence = targets.labels.withUnsafeBufferPointer { labels in
      guard let labels = labels.baseAddress else { return 0.0 }
      rankConfidences(confidences, labels, confidenceGradients, workspace)
      mining.select(
        losses: workspace.losses, labels: labels, count: count, positiveCount: targets.positiveCount,
        keys: workspace.keys, selected: workspace.selected)
      return confidenceLoss(labels, scale, confidenceGradients, workspace)
    }
    return Sums(confidence: confidence, location: location)
  }

  private func locationLoss(
    _ locations: UnsafePointer<Float>, _ targets: [Location], _ labels: UnsafeBufferPointer<Int32>, _ scale: Float,
    _ gradients: UnsafeMutablePointer<Float>
  ) -> Double {
    gradients.update(repeating: 0, count: labels.count * 4)
    var sum = 0.0
    for index in labels.indices where labels[index] != 0 {
      let target = targets[index]
      for axis in 0..<4 {
        let difference = locations[index * 4 + axis] - target[axis]
        let size = abs(difference)
        sum += Double(size < 1 ? 0.5 * difference * difference : size - 0.5)
        let slope = difference > 1 ? 1 : (difference < -1 ? -1 : difference)
        gradients[index * 4 + axis] = locationWeight * slope * scale
      }
    }
    return sum
  }

  /// Cross-entropy of every default box. Leaves the exponentials in `exponentials` for the gradient.
  private func rankConfidences(
    _ confidences: UnsafePointer<Float>, _ labels: UnsafePointer<Int32>,
    _ exponentials: UnsafeMutablePointer<Float>, _ workspace: Workspace
  ) {
    for index in 0..<workspace.defaultBoxCount {
      let logits = confidences + index * classCount
      let (maximum, sum) = writeExponentials(of: logits, count: classCount, into: exponentials + index * classCount)
      workspace.sums[index] = sum
      workspace.losses[index] = maximum - logits[Int(labels[index])] + log(sum)
    }
  }

  /// Sums the loss of the selected boxes and turns the exponentials into (softmax − one-hot) / N, or zero elsewhere.
  private func confidenceLoss(
    _ labels: UnsafePointer<Int32>, _ scale: Float, _ gradients: UnsafeMutablePointer<Float>, _ workspace: Workspace
  ) -> Double {
    var sum = 0.0
    for index in 0..<workspace.defaultBoxCount {
      let row = gradients + index * classCount
      if workspace.selected[index] {
        sum += Double(workspace.losses[index])
        let factor = scale / workspace.sums[index]
        for label in 0..<classCount {
          row[label] *= factor
        }
        row[Int(labels[index])] -= scale
      } else {
        row.update(repeating: 0, count: classCount)
      }
    }
    return sum
  }
}
