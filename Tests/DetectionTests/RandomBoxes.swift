import Detection
import Randomness

extension RandomStream {
  /// A box inside the image with sides from `minimumSide` to 0.7.
  mutating func box(minimumSide: Float = 0.02) -> CornerBox {
    let width = uniform(minimumSide, 0.7)
    let height = uniform(minimumSide, 0.7)
    let x = uniform(0, 1 - width)
    let y = uniform(0, 1 - height)
    return CornerBox(xMin: x, yMin: y, xMax: x + width, yMax: y + height)
  }

  /// `count` normal numbers times `scale`.
  mutating func normals(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in normal() * scale }
  }
}

/// A layout small enough for slow references: 5×4 and 3×2 cells, 4 and 6 boxes each, 116 boxes; image 100 high, 80 wide.
func smallLayout(clipping: DefaultBoxLayout.Clipping = .none) throws -> DefaultBoxLayout {
  try DefaultBoxLayout(
    imageHeight: 100, imageWidth: 80, mapSizes: [(rows: 5, columns: 4), (rows: 3, columns: 2)], steps: [20, 35],
    minimumSizes: [24, 50], maximumSizes: [50, 90], aspectRatios: [[2], [2, 3]], clipping: clipping)
}
