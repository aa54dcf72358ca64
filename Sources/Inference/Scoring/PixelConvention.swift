import Detection

/// What the edges of a box in a file mean to the metric of Pascal VOC.
package enum PixelConvention: String, Sendable, CaseIterable {
  /// Positions between pixels, counted from 0: the box [0, 0, 1, 1] is the first pixel. So COCO has it, and this program.
  case continuous
  /// Numbers of pixels, the last included, counted from 1 as in the files of Pascal VOC: the first pixel is the box from
  /// (1, 1) to (1, 1), which a results file has as [1, 1, 0, 0]. Where the development kit adds 1 to each side.
  case inclusive

  /// The box by continuous edges. Its area and overlaps are those that the development kit computes by adding 1.
  package func continuous(_ box: COCOBox) -> COCOBox {
    switch self {
    case .continuous: box
    case .inclusive: COCOBox(x: box.x - 1, y: box.y - 1, width: box.width + 1, height: box.height + 1)
    }
  }
}
