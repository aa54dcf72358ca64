/// A box as COCO writes it, in pixels of the original image by continuous coordinates that count from 0.
///
/// Beside ``PixelBox`` because x + width − x is not always width in floating point: whoever must repeat COCO's arithmetic
/// needs COCO's numbers.
package struct COCOBox: Sendable, Equatable {
  /// Left edge.
  package var x: Double
  /// Upper edge.
  package var y: Double
  /// Horizontal extent.
  package var width: Double
  /// Vertical extent.
  package var height: Double

  /// Creates a box from its upper left corner and its size.
  package init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The box of the same edges.
  package init(_ box: PixelBox) {
    self.init(x: box.xMin, y: box.yMin, width: box.xMax - box.xMin, height: box.yMax - box.yMin)
  }

  /// Width times height.
  package var area: Double { width * height }

  /// Whether corner and size are finite.
  package var isFinite: Bool { x.isFinite && y.isFinite && width.isFinite && height.isFinite }

  /// The overlap of a detection with an annotated object, 0 … 1: intersection over union, or, when the object is a crowd,
  /// the share of the detection that lies inside it.
  ///
  /// ### Source
  /// `bbIou` in `maskApi.c` of pycocotools 2.0.11, operation by operation.
  @inlinable package func overlap(with object: COCOBox, isCrowd: Bool = false) -> Double {
    let commonWidth = min(width + x, object.width + object.x) - max(x, object.x)
    if commonWidth <= 0 { return 0 }
    let commonHeight = min(height + y, object.height + object.y) - max(y, object.y)
    if commonHeight <= 0 { return 0 }
    let intersection = commonWidth * commonHeight
    return intersection / (isCrowd ? area : area + object.area - intersection)
  }
}

extension PixelBox {
  /// The edges of a COCO box.
  package init(_ box: COCOBox) {
    self.init(xMin: box.x, yMin: box.y, xMax: box.x + box.width, yMax: box.y + box.height)
  }
}
