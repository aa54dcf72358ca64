/// A box by its corners, in fractions of the image side: (0, 0) is the upper left corner of the image, (1, 1) the lower right.
package struct CornerBox: Sendable, Equatable {
  /// Left edge.
  package var xMin: Float
  /// Upper edge.
  package var yMin: Float
  /// Right edge.
  package var xMax: Float
  /// Lower edge.
  package var yMax: Float

  /// Creates a box from its edges.
  package init(xMin: Float, yMin: Float, xMax: Float, yMax: Float) {
    self.xMin = xMin
    self.yMin = yMin
    self.xMax = xMax
    self.yMax = yMax
  }

  /// Horizontal extent.
  @inlinable package var width: Float { xMax - xMin }
  /// Vertical extent.
  @inlinable package var height: Float { yMax - yMin }
  /// Width times height.
  @inlinable package var area: Float { width * height }

  /// Whether width and height are positive and finite, as matching requires of an annotated box.
  @inlinable package var isNondegenerate: Bool {
    width > 0 && height > 0 && width < .infinity && height < .infinity
  }

  /// The same box by its centre and size.
  @inlinable package var centered: CenterBox {
    CenterBox(centerX: (xMin + xMax) / 2, centerY: (yMin + yMax) / 2, width: width, height: height)
  }

  /// The part inside the image. A box wholly outside shrinks to zero area on the nearest edge.
  @inlinable package var clippedToImage: CornerBox {
    CornerBox(
      xMin: clampedToUnit(xMin), yMin: clampedToUnit(yMin), xMax: clampedToUnit(xMax), yMax: clampedToUnit(yMax))
  }
}

/// A box by its centre and size, in fractions of the image side.
package struct CenterBox: Sendable, Equatable {
  /// Horizontal centre.
  package var centerX: Float
  /// Vertical centre.
  package var centerY: Float
  /// Width.
  package var width: Float
  /// Height.
  package var height: Float

  /// Creates a box from its centre and size.
  package init(centerX: Float, centerY: Float, width: Float, height: Float) {
    self.centerX = centerX
    self.centerY = centerY
    self.width = width
    self.height = height
  }

  /// The same box by its corners.
  @inlinable package var corners: CornerBox {
    CornerBox(
      xMin: centerX - width / 2, yMin: centerY - height / 2, xMax: centerX + width / 2, yMax: centerY + height / 2)
  }
}

/// `value` limited to 0 … 1.
@usableFromInline func clampedToUnit(_ value: Float) -> Float {
  min(max(value, 0), 1)
}

/// An annotated object of one image.
package struct GroundTruth: Sendable, Equatable {
  /// Where the object is.
  package var box: CornerBox
  /// Class index, 1 … classes; 0 is background and never annotated.
  package var label: Int
  /// Marked as hard to recognise by the annotator (Pascal VOC).
  package var isDifficult: Bool

  /// Creates an annotation.
  package init(box: CornerBox, label: Int, isDifficult: Bool = false) {
    self.box = box
    self.label = label
    self.isDifficult = isDifficult
  }
}

/// A detected object of one image.
package struct DetectedObject: Sendable, Equatable {
  /// Where the object is.
  package var box: CornerBox
  /// Class index, 1 … classes.
  package var label: Int
  /// Probability of the class, 0 … 1.
  package var score: Float

  /// Creates a detection.
  package init(box: CornerBox, label: Int, score: Float) {
    self.box = box
    self.label = label
    self.score = score
  }
}
