import Datasets
import Randomness

/// What becomes of a training image that cannot be decoded when its turn comes.
package enum DamagedImagePolicy: String, CaseIterable, Sendable {
  /// It ends the run.
  case stop
  /// Another image takes its place in this epoch, the same one whatever rank or thread meets the damage.
  case replace
}

/// What becomes of an image that cannot be decoded when a detector is to be scored on it.
package enum DamagedEvaluationPolicy: String, CaseIterable, Sendable {
  /// It ends the evaluation.
  case stop
  /// The image and its objects are left out of the metric.
  case skip
}

/// An image that took the place of a damaged one.
package struct ImageReplacement: Sendable, Equatable {
  /// Why the damaged image cannot be used.
  package let error: DatasetError
  /// The name of the image that is shown instead.
  package let substitute: String
}

/// The images that may take the place of a damaged one: a pure function of seed, epoch and image.
struct ImageSubstitutes {
  /// Images that are tried before the run ends all the same.
  static let attempts = 16

  /// Indices of images in the data set, the first to be tried first; the damaged image is not among them.
  let candidates: [Int]

  init(seed: UInt64, epoch: Int, imageIndex: Int, count: Int) {
    var stream = RandomStream(seed: seed, purpose: .replacement, key: UInt64(epoch), UInt64(imageIndex))
    candidates =
      count < 2
      ? []
      : (0..<Self.attempts).map { _ in
        let other = stream.integer(below: count - 1)
        return other < imageIndex ? other : other + 1
      }
  }
}
