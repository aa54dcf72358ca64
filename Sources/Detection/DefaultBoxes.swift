/// The default boxes of a layout, in the order of the network's outputs: map, row, column, box of the cell.
package struct DefaultBoxes: Sendable {
  /// What the boxes were made from.
  package let layout: DefaultBoxLayout
  /// The boxes by centre and size, [D]; D is 8732 for SSD300.
  package let centered: [CenterBox]
  /// The same boxes by corners, [D].
  package let corners: [CornerBox]
  /// Number of boxes of each feature map.
  package let countPerMap: [Int]

  /// Number of boxes, D.
  package var count: Int { centered.count }

  /// The corners again as five planes of D numbers, xMin, yMin, xMax, yMax and area: the form that vectorises.
  let planes: [Float]

  /// Makes the boxes of `layout`.
  package init(_ layout: DefaultBoxLayout) {
    let centered = layout.featureMaps.flatMap { Self.boxes(of: $0, in: layout) }
    let corners = centered.map(\.corners)
    self.layout = layout
    self.centered = centered
    self.corners = corners
    self.countPerMap = layout.featureMaps.map(\.boxCount)
    self.planes =
      corners.map(\.xMin) + corners.map(\.yMin) + corners.map(\.xMax) + corners.map(\.yMax) + corners.map(\.area)
  }

  private static func boxes(of map: DefaultBoxLayout.FeatureMap, in layout: DefaultBoxLayout) -> [CenterBox] {
    let height = Double(layout.imageHeight)
    let width = Double(layout.imageWidth)
    let shapes = shapes(of: map)
    var boxes: [CenterBox] = []
    boxes.reserveCapacity(map.boxCount)
    for row in 0..<map.rows {
      for column in 0..<map.columns {
        for shape in shapes {
          let box = CenterBox(
            centerX: Float((Double(column) + 0.5) * map.step / width),
            centerY: Float((Double(row) + 0.5) * map.step / height),
            width: Float(shape.width / width),
            height: Float(shape.height / height))
          boxes.append(clip(box, layout.clipping))
        }
      }
    }
    return boxes
  }

  /// Widths and heights of a cell's boxes in pixels.
  private static func shapes(of map: DefaultBoxLayout.FeatureMap) -> [(width: Double, height: Double)] {
    let large = (map.minimumSize * map.maximumSize).squareRoot()
    var shapes = [(width: map.minimumSize, height: map.minimumSize), (width: large, height: large)]
    for ratio in map.aspectRatios {
      let long = map.minimumSize * ratio.squareRoot()
      let short = map.minimumSize / ratio.squareRoot()
      shapes += [(width: long, height: short), (width: short, height: long)]
    }
    return shapes
  }

  private static func clip(_ box: CenterBox, _ clipping: DefaultBoxLayout.Clipping) -> CenterBox {
    var box = box
    if clipping != .none {
      box.width = clampedToUnit(box.width)
      box.height = clampedToUnit(box.height)
    }
    if clipping == .all {
      box.centerX = clampedToUnit(box.centerX)
      box.centerY = clampedToUnit(box.centerY)
    }
    return box
  }
}
