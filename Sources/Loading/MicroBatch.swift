import Datasets
import Detection

/// Samples that are computed together, in memory that belongs to the loader.
///
/// ### Shapes
/// `pixels`: [count, height, width, 3], red first, mean subtracted, aligned to 64 bytes.
package struct MicroBatch {
  /// The samples' pixels; valid until the loader is asked for more, stopped or released.
  package let pixels: UnsafeMutablePointer<Float>
  /// For each sample, its place in the stream and the image whose turn it is.
  package let samples: [SampleSchedule.Sample]
  /// For each sample, the objects it shows, in fractions of the sample.
  package let groundTruth: [[GroundTruth]]
  /// For each sample, the name of the image it shows.
  package let identifiers: [String]
  /// For each sample, the index of that image in the data set.
  package let imageIndices: [Int]
  /// Samples that show another image than the one whose turn it is.
  package let replacements: [ImageReplacement]
  /// For each sample, why it has no pixels and does not count; nothing for samples that have.
  package let damage: [DatasetError?]

  /// Joins samples that lie at `pixels`, one after the other; without `imageIndices` each shows the image whose turn it is.
  package init(
    pixels: UnsafeMutablePointer<Float>, samples: [SampleSchedule.Sample], groundTruth: [[GroundTruth]],
    identifiers: [String], imageIndices: [Int]? = nil, replacements: [ImageReplacement] = [],
    damage: [DatasetError?]? = nil
  ) {
    self.damage = damage ?? samples.map { _ in nil }
    self.pixels = pixels
    self.samples = samples
    self.groundTruth = groundTruth
    self.identifiers = identifiers
    self.imageIndices = imageIndices ?? samples.map(\.imageIndex)
    self.replacements = replacements
  }

  /// The number of samples.
  package var count: Int { samples.count }
}
