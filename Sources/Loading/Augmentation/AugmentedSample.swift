import Datasets
import Detection
import Images
import Kernels
import Randomness

/// One draw of the augmentation for one image: what happens to its pixels, and where its objects end up.
///
/// The draw is made without looking at pixels, as a pure function of (seed, epoch, image); `render` carries it out. The
/// steps are made in the order of the original release — distortion, expansion, crop, resizing, flip, mean — and each
/// exists on its own. Two things differ from it: the image is not written as JPEG again between the steps, and samples
/// are not rounded to integers after resizing.
///
/// `objects` may be empty, because a crop can lose them all; the sample then contributes nothing to the loss.
///
/// ### Source
/// Liu et al. 2016, sections 2.2 and 3.6; the authors' release.
package struct AugmentedSample: Sendable {
  /// What happens to the colours.
  package let distortion: PhotometricDistortion
  /// The part of the image that is shown.
  package let view: SourceView
  /// How it is resized.
  package let interpolation: Interpolation
  /// The objects that remain, in fractions of the view.
  package let objects: [GroundTruth]
  /// Whether the whole image is shown and resized linearly, mirrored or not.
  private let isAsInInference: Bool

  /// Draws the augmentation of an image in an epoch.
  ///
  /// - Parameters:
  ///   - policy: which steps take part.
  ///   - image: gives the size.
  ///   - objects: the image's objects that take part, in fractions of the image.
  ///   - seed: the seed of the run.
  ///   - epoch: the pass over the data, counted from 0.
  ///   - imageIndex: the image's index in the data set.
  package init(
    policy: AugmentationPolicy, image: AnnotatedImage, objects: [GroundTruth], seed: UInt64, epoch: Int, imageIndex: Int
  ) {
    var stream = RandomStream(seed: seed, purpose: .augmentation, key: UInt64(epoch), UInt64(imageIndex))
    var objects = objects
    var view = SourceView(imageWidth: image.width, imageHeight: image.height)
    var distortion = PhotometricDistortion(changes: [])
    var interpolation = Interpolation.linear
    if policy == .ssd {
      distortion = PhotometricDistortion(from: &stream)
      Expansion(from: &stream).apply(to: &view, objects: &objects)
      RandomCrop(from: &stream, objects: objects).apply(to: &view, objects: &objects)
      interpolation = Interpolation(from: &stream)
    }
    if policy != .none {
      HorizontalFlip(from: &stream).apply(to: &view, objects: &objects)
    }
    isAsInInference = interpolation == .linear && view.isWhole(image)
    self.distortion = distortion
    self.view = view
    self.interpolation = interpolation
    self.objects = objects
  }

  /// How much smaller than stored the image may be decoded: 1, 2, 4 or 8.
  ///
  /// The part that is shown must keep a pixel for each pixel of the input along both axes. `area` weighs all stored pixels
  /// alike, so it sees nearly the same then. The other kernels look at few pixels however much they shrink; two decoded
  /// pixels for one of the input are kept for them, so that they still pass over some as they do in inference. A sample
  /// without crop or expansion that is resized linearly is made as in inference, from all pixels.
  ///
  /// A crop needs the resolution of what it shows, so it is decoded as if the image were that large; an expansion shows the
  /// image smaller.
  package func reduction(for input: NetworkInput) -> Int {
    if isAsInInference { return 1 }
    let scale = min(view.width / Double(input.width), view.height / Double(input.height))
    let needed = interpolation == .area ? 1.0 : 2.0
    return ReducedImage.reductions.last { scale >= needed * Double($0) } ?? 1
  }

  /// Carries out the draw on the pixels.
  ///
  /// ### Shapes
  /// `destination`: [height, width, 3], overwritten; values 0–255 minus the mean.
  ///
  /// - Parameters:
  ///   - reduction: how much smaller the image is than the one that the draw was made for.
  ///   - kernels: which ones does not matter to the result.
  /// - Precondition: times the reduction, the image has the size that the draw was made for.
  package func render(
    _ image: consuming Image, reduction: Int = 1, for input: NetworkInput, kernels: Kernels,
    into destination: UnsafeMutablePointer<Float>
  ) {
    let view = view.reduced(by: reduction)
    distortion.apply(to: &image, visibleIn: view, kernels: kernels)
    view.resample(image, interpolation: interpolation, to: input, kernels: kernels, into: destination)
  }
}
