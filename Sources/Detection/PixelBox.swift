/// A box in pixels of the original image, by continuous coordinates that count from 0.
///
/// Pixel n covers n … n + 1, so a Pascal VOC annotation, whose integers count from 1 and include the last pixel,
/// is [xmin − 1, ymin − 1, xmax, ymax]. The area is width × height and the IoU is the plain one; for VOC annotations both
/// equal the development kit's, which adds 1 to each side instead. A COCO box [x, y, width, height] is
/// [x, y, x + width, y + height].
package struct PixelBox: Sendable, Equatable {
  /// Left edge.
  package var xMin: Double
  /// Upper edge.
  package var yMin: Double
  /// Right edge.
  package var xMax: Double
  /// Lower edge.
  package var yMax: Double

  /// Creates a box from its edges.
  package init(xMin: Double, yMin: Double, xMax: Double, yMax: Double) {
    self.xMin = xMin
    self.yMin = yMin
    self.xMax = xMax
    self.yMax = yMax
  }

  /// Scales a box in fractions of the image, such as a detection, to pixels.
  package init(_ box: CornerBox, imageWidth: Int, imageHeight: Int) {
    self.init(
      xMin: Double(box.xMin) * Double(imageWidth), yMin: Double(box.yMin) * Double(imageHeight),
      xMax: Double(box.xMax) * Double(imageWidth), yMax: Double(box.yMax) * Double(imageHeight))
  }

  /// Width times height.
  package var area: Double { (xMax - xMin) * (yMax - yMin) }

  /// Whether all edges are finite.
  package var isFinite: Bool { xMin.isFinite && yMin.isFinite && xMax.isFinite && yMax.isFinite }

  /// Area of the intersection over area of the union, 0 … 1; 0 when the boxes do not meet or have no area.
  package func intersectionOverUnion(with other: PixelBox) -> Double {
    let intersection = intersection(with: other)
    return intersection > 0 ? intersection / (area + other.area - intersection) : 0
  }

  /// The area that both boxes have; 0 when they do not meet.
  package func intersection(with other: PixelBox) -> Double {
    let width = min(xMax, other.xMax) - max(xMin, other.xMin)
    let height = min(yMax, other.yMax) - max(yMin, other.yMin)
    return width > 0 && height > 0 ? width * height : 0
  }

  /// The part of the box inside an image of the given size, or nothing when they do not overlap.
  package func clipped(width: Int, height: Int) -> PixelBox? {
    let box = PixelBox(
      xMin: max(xMin, 0), yMin: max(yMin, 0), xMax: min(xMax, Double(width)), yMax: min(yMax, Double(height)))
    return box.xMin < box.xMax && box.yMin < box.yMax ? box : nil
  }
}
