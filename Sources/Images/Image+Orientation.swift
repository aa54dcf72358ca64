extension Image {
  /// Reads a JPEG or PNG file as people see it: turned and mirrored as its EXIF orientation says.
  ///
  /// - Parameter limit: the most pixels that the file may have.
  /// - Throws: `ImageError` as `init(contentsOf:)`.
  package init(uprightContentsOf path: String, limit: ImageLimit = ImageLimit()) throws {
    try self.init(uprightDecoding: ImageFile.read(path), path: path, limit: limit)
  }

  /// The same for a file held in memory.
  package init(uprightDecoding bytes: [UInt8], path: String, limit: ImageLimit = ImageLimit()) throws {
    let header = try ImageHeader(bytes, limit: limit, path: path)
    self = try ReducedImage(decoding: bytes, path: path, reduction: 1, limit: limit).image.turned(
      byOrientation: header.orientation)
  }

  /// The image turned and mirrored from the rows and columns that are stored to those that are seen.
  ///
  /// - Parameter orientation: 1, as it is, to 8; from 5 on width and height change places.
  ///
  /// ### Source
  /// CIPA DC-008 (EXIF 2.3), section 4.6.4: which sides the first row and the first column are seen on.
  package func turned(byOrientation orientation: Int) -> Image {
    guard (2...8).contains(orientation) else { return self }
    let isSideways = orientation >= 5
    let (columns, rows) = isSideways ? (height, width) : (width, height)
    var turned = [UInt8](repeating: 0, count: pixels.count)
    for row in 0..<rows {
      for column in 0..<columns {
        let (x, y) =
          switch orientation {
          case 2: (width - 1 - column, row)
          case 3: (width - 1 - column, height - 1 - row)
          case 4: (column, height - 1 - row)
          case 5: (row, column)
          case 6: (row, height - 1 - column)
          case 7: (width - 1 - row, height - 1 - column)
          default: (width - 1 - row, column)
          }
        let (target, source) = ((row * columns + column) * 3, (y * width + x) * 3)
        for sample in 0..<3 { turned[target + sample] = pixels[source + sample] }
      }
    }
    return Image(width: columns, height: rows, pixels: turned)
  }
}
