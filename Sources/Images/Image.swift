/// An 8-bit RGB image in memory.
///
/// ### Shapes
/// `pixels`: [height, width, 3], row-major, red first, no padding between rows.
package struct Image: Sendable, Equatable {
  /// The number of columns.
  package let width: Int
  /// The number of rows.
  package let height: Int
  /// The samples, [height, width, 3].
  package var pixels: [UInt8]

  /// The largest number of pixels a file may hold to be decoded unless a limit is given: a quarter of a gigabyte as RGB, the limit at which
  /// Pillow warns too. A damaged or malicious header cannot ask for more memory than that, nor for more than a few
  /// thousand pixels for each byte of the file.
  package static let largestPixelCount = 89_478_485
  /// The largest width and height that a file may have to be decoded, the limit of Cairo.
  package static let largestSide = 32_767

  /// Wraps samples that are already in memory.
  ///
  /// - Precondition: `width` and `height` are positive and `pixels` holds height · width · 3 samples.
  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image of \(width)×\(height) pixels has no area")
    precondition(
      pixels.count == width * height * 3,
      "an image of \(width)×\(height) pixels needs \(width * height * 3) samples, not \(pixels.count)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Reads a JPEG or PNG file; the content decides which of the two it is, not the name.
  ///
  /// Samples are the ones stored: an orientation tag is not applied, because annotations refer to the stored rows and
  /// columns. Grey becomes RGB, CMYK is converted, transparency is laid on white, 16 bits are reduced to 8,
  /// from as many as an sBIT chunk states where the samples are not scaled to 16.
  ///
  /// - Parameter limit: the most pixels that the file may have.
  /// - Throws: `ImageError` when the file cannot be read, is neither JPEG nor PNG, is damaged or cut off, or is larger
  ///   than `limit` or `largestSide`.
  package init(contentsOf path: String, limit: ImageLimit = ImageLimit()) throws {
    self = try ReducedImage(contentsOf: path, reduction: 1, limit: limit).image
  }

  /// Decodes a JPEG or PNG file held in memory, like `init(contentsOf:)`.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - path: what errors call it.
  package init(decoding bytes: [UInt8], path: String) throws {
    self = try ReducedImage(decoding: bytes, path: path, reduction: 1).image
  }

  /// The dimensions of a JPEG or PNG file, from its header alone.
  ///
  /// - Throws: `ImageError` as `init(contentsOf:)`, except that damage behind the header is not noticed.
  package static func size(ofFile path: String) throws -> (width: Int, height: Int) {
    let header = try ImageHeader(ofFile: path)
    return (header.width, header.height)
  }

  /// Encodes the image as a baseline JPEG file with 4:2:0 chroma subsampling.
  ///
  /// - Parameter quality: 1 (smallest) to 100 (best).
  /// - Throws: `ImageError` when the encoder fails, as for a side beyond 65,500 pixels.
  package func jpeg(quality: Int) throws -> [UInt8] {
    try encodeJPEG(self, quality: quality, path: "JPEG encoder")
  }

  /// Writes the image as a JPEG file; a file of that name is replaced in one step or, on failure, left as it was.
  ///
  /// - Parameters:
  ///   - path: the file; its directory must exist.
  ///   - quality: 1 (smallest) to 100 (best).
  /// - Throws: `FileError` when the file cannot be written, `ImageError` when the encoder fails.
  package func writeJPEG(to path: String, quality: Int) throws {
    try ImageFile.write(encodeJPEG(self, quality: quality, path: path), to: path)
  }

  /// Writes the image as a PNG file; a file of that name is replaced in one step or, on failure, left as it was.
  ///
  /// - Parameter path: the file; its directory must exist.
  /// - Throws: `FileError` when the file cannot be written.
  package func writePNG(to path: String) throws {
    try ImageFile.write(encodePNG(self, path: path), to: path)
  }
}
