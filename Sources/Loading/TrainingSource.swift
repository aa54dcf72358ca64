import Datasets
import Detection
import Kernels

/// Makes the training sample of a place in the stream, as a pure function of data set, settings and place.
struct TrainingSource: Sendable {
  let dataset: Dataset
  let augmentation: AugmentationPolicy
  let difficult: DifficultPolicy
  let damaged: DamagedImagePolicy
  let input: NetworkInput
  let kernels: Kernels
  let seed: UInt64

  /// Writes the pixels of a sample.
  ///
  /// - Throws: `DatasetError` when the image cannot be decoded, and none that might take its place.
  func prepare(
    _ sample: SampleSchedule.Sample, into pixels: UnsafeMutablePointer<Float>
  ) throws(DatasetError) -> SampleRing.Content {
    do throws(DatasetError) {
      let objects = try render(sample.imageIndex, for: sample, into: pixels)
      return SampleRing.Content(groundTruth: objects, imageIndex: sample.imageIndex)
    } catch {
      guard damaged == .replace else { throw error }
      return try replace(sample, because: error, into: pixels)
    }
  }

  /// Draws and renders an image with the random numbers of the sample's own image.
  private func render(
    _ imageIndex: Int, for sample: SampleSchedule.Sample, into pixels: UnsafeMutablePointer<Float>
  ) throws(DatasetError) -> [GroundTruth] {
    let image = dataset.images[imageIndex]
    let augmented = AugmentedSample(
      policy: augmentation, image: image, objects: image.trainingObjects(difficult: difficult), seed: seed,
      epoch: sample.epoch, imageIndex: sample.imageIndex)
    let decoded = try image.load(reduction: augmented.reduction(for: input))
    augmented.render(decoded.image, reduction: decoded.reduction, for: input, kernels: kernels, into: pixels)
    return augmented.objects
  }

  private func replace(
    _ sample: SampleSchedule.Sample, because error: DatasetError, into pixels: UnsafeMutablePointer<Float>
  ) throws(DatasetError) -> SampleRing.Content {
    let substitutes = ImageSubstitutes(
      seed: seed, epoch: sample.epoch, imageIndex: sample.imageIndex, count: dataset.images.count)
    for index in substitutes.candidates {
      guard let objects = try? render(index, for: sample, into: pixels) else { continue }
      return SampleRing.Content(
        groundTruth: objects, imageIndex: index,
        replacement: ImageReplacement(error: error, substitute: dataset.images[index].identifier))
    }
    throw DatasetError(
      file: error.file, reason: "\(error.reason); \(substitutes.candidates.count) images in its place are damaged too")
  }
}
