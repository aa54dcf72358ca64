extension Image {
  /// The image, smaller where a side is longer than `side` pixels; every pixel is the mean of those that it covers.
  package func fitting(_ side: Int) -> Image {
    let longest = max(width, height)
    guard longest > side, side > 0 else { return self }
    let (columns, rows) = (max(1, width * side / longest), max(1, height * side / longest))
    var result = [UInt8](repeating: 0, count: columns * rows * 3)
    for row in 0..<rows {
      let sourceRows = Self.covered(row, of: rows, size: height)
      for column in 0..<columns {
        let sourceColumns = Self.covered(column, of: columns, size: width)
        var sums = (0, 0, 0)
        for y in sourceRows {
          for x in sourceColumns {
            let at = (y * width + x) * 3
            sums = (sums.0 + Int(pixels[at]), sums.1 + Int(pixels[at + 1]), sums.2 + Int(pixels[at + 2]))
          }
        }
        let (at, count) = ((row * columns + column) * 3, sourceRows.count * sourceColumns.count)
        result[at] = UInt8((sums.0 + count / 2) / count)
        result[at + 1] = UInt8((sums.1 + count / 2) / count)
        result[at + 2] = UInt8((sums.2 + count / 2) / count)
      }
    }
    return Image(width: columns, height: rows, pixels: result)
  }

  private static func covered(_ index: Int, of count: Int, size: Int) -> Range<Int> {
    let start = index * size / count
    return start..<max(start + 1, (index + 1) * size / count)
  }

  /// This image and another of the same height at its right.
  package func beside(_ other: Image) -> Image {
    precondition(height == other.height, "images of \(height) and \(other.height) rows")
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count + other.pixels.count)
    for row in 0..<height {
      result += pixels[row * width * 3..<(row + 1) * width * 3]
      result += other.pixels[row * other.width * 3..<(row + 1) * other.width * 3]
    }
    return Image(width: width + other.width, height: height, pixels: result)
  }

  /// A rectangle of the image, in pixels; what of it lies outside is left out.
  ///
  /// - Precondition: something lies inside.
  package func part(columns: Range<Int>, rows: Range<Int>) -> Image {
    let (columns, rows) = (columns.clamped(to: 0..<width), rows.clamped(to: 0..<height))
    precondition(!columns.isEmpty && !rows.isEmpty, "no part of an image of \(width)×\(height)")
    var result: [UInt8] = []
    result.reserveCapacity(columns.count * rows.count * 3)
    for row in rows {
      result += pixels[(row * width + columns.lowerBound) * 3..<(row * width + columns.upperBound) * 3]
    }
    return Image(width: columns.count, height: rows.count, pixels: result)
  }
}
