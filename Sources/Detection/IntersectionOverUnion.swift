extension CornerBox {
  /// Area of the intersection over area of the union, 0 … 1; 0 when both boxes have no area.
  ///
  /// Boxes are continuous, so no pixel is added to a side.
  @inlinable package func intersectionOverUnion(with other: CornerBox) -> Float {
    let intersection = intersectionArea(with: other)
    let union = area + other.area - intersection
    return union > 0 ? intersection / union : 0
  }

  /// Area common to both boxes. Written with comparisons that compile to vector minima and maxima.
  @inlinable @inline(__always) func intersectionArea(with other: CornerBox) -> Float {
    let left = xMin > other.xMin ? xMin : other.xMin
    let top = yMin > other.yMin ? yMin : other.yMin
    let right = xMax < other.xMax ? xMax : other.xMax
    let bottom = yMax < other.yMax ? yMax : other.yMax
    let width = right - left
    let height = bottom - top
    return (width > 0 ? width : 0) * (height > 0 ? height : 0)
  }
}
