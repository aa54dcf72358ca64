import Detection
import Randomness

/// Places the image somewhere on a larger canvas of the mean colour ("zoom out"), with probability ½.
///
/// The canvas is a random factor of 1 to 4 larger on both sides, cut to whole pixels, and the image is placed at a whole
/// pixel: all places are equally likely. Objects become smaller; none is lost.
///
/// ### Source
/// Liu et al. 2016, section 3.6; numbers from the authors' release (`ExpandImage`).
package struct Expansion: Sendable {
  /// The largest canvas, as a factor of the image side.
  package static let largestRatio: Float = 4

  /// The canvas, as a factor of the image side, and the place of the image as fractions of the free room; nothing when
  /// the image stays as it is.
  private let placement: (ratio: Float, horizontal: Float, vertical: Float)?

  /// Draws whether to expand, how far, and where the image goes.
  package init(from stream: inout RandomStream) {
    guard stream.chance(0.5) else {
      placement = nil
      return
    }
    placement = (stream.uniform(1, Self.largestRatio), stream.uniform(), stream.uniform())
  }

  /// Puts a whole image on the canvas.
  ///
  /// - Parameters:
  ///   - view: the whole image; becomes the canvas.
  ///   - objects: in fractions of the image; become fractions of the canvas.
  package func apply(to view: inout SourceView, objects: inout [GroundTruth]) {
    guard let placement else { return }
    let width = (view.width * Double(placement.ratio)).rounded(.down)
    let height = (view.height * Double(placement.ratio)).rounded(.down)
    let left = (Double(placement.horizontal) * (width - view.width)).rounded(.down)
    let top = (Double(placement.vertical) * (height - view.height)).rounded(.down)
    for index in objects.indices {
      let box = objects[index].box
      objects[index].box = CornerBox(
        xMin: Float((Double(box.xMin) * view.width + left) / width),
        yMin: Float((Double(box.yMin) * view.height + top) / height),
        xMax: Float((Double(box.xMax) * view.width + left) / width),
        yMax: Float((Double(box.yMax) * view.height + top) / height))
    }
    view = SourceView(x: view.x - left, y: view.y - top, width: width, height: height)
  }
}
