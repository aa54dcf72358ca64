import Datasets
import Detection

/// The part of an image that a training sample shows, and whether it is mirrored.
///
/// Expansion, crop and flip only move this rectangle and the boxes; pixels are touched once, when the view is resampled
/// to the input of the network. A view may reach outside the image: what is not image is filled with the mean.
///
/// The rectangle is not rounded to whole pixels, so boxes and pixels go through exactly the same map. (The original
/// release cuts crops at whole pixels but projects boxes with the uncut numbers, which shifts them by up to a pixel.)
package struct SourceView: Sendable, Equatable {
  /// Left edge in pixels of the image.
  package var x: Double
  /// Upper edge in pixels of the image.
  package var y: Double
  /// Width in pixels of the image.
  package var width: Double
  /// Height in pixels of the image.
  package var height: Double
  /// Whether left and right are exchanged.
  package var isMirrored = false

  /// Views a rectangle of the image.
  package init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// Views a whole image.
  package init(imageWidth: Int, imageHeight: Int) {
    self.init(x: 0, y: 0, width: Double(imageWidth), height: Double(imageHeight))
  }

  /// Whether the view shows an image from edge to edge.
  func isWhole(_ image: AnnotatedImage) -> Bool {
    (x, y, width, height) == (0, 0, Double(image.width), Double(image.height))
  }

  /// The same view in pixels of an image that is smaller by a factor.
  func reduced(by reduction: Int) -> SourceView {
    var view = SourceView(
      x: x / Double(reduction), y: y / Double(reduction), width: width / Double(reduction),
      height: height / Double(reduction))
    view.isMirrored = isMirrored
    return view
  }

  /// The view of a region of this view.
  ///
  /// - Parameter region: in fractions of this view.
  /// - Precondition: the view is not mirrored yet.
  package func cropped(to region: CornerBox) -> SourceView {
    precondition(!isMirrored, "a view is cropped before it is mirrored, not after (isMirrored: \(isMirrored))")
    return SourceView(
      x: x + Double(region.xMin) * width, y: y + Double(region.yMin) * height,
      width: Double(region.xMax - region.xMin) * width, height: Double(region.yMax - region.yMin) * height)
  }
}
