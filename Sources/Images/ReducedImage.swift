/// An image that may have been decoded smaller than it is stored, which saves most of the work of decoding.
///
/// A pixel of an image with reduction n stands for n × n stored pixels, the one of column x for the stored columns
/// n · x ..< n · (x + 1). It is about their mean: the JPEG decoder leaves out the high frequencies of each block. At the right and
/// lower edge a pixel may stand for fewer.
package struct ReducedImage: Sendable {
  /// The reductions there are.
  package static let reductions = [1, 2, 4, 8]

  /// The decoded image.
  package var image: Image
  /// Columns of the file.
  package let storedWidth: Int
  /// Rows of the file.
  package let storedHeight: Int
  /// Stored pixels along the side of a decoded one.
  package let reduction: Int

  init(image: Image, storedWidth: Int, storedHeight: Int, reduction: Int) {
    self.image = image
    self.storedWidth = storedWidth
    self.storedHeight = storedHeight
    self.reduction = reduction
  }

  /// Reads a JPEG or PNG file like `Image.init(contentsOf:)`.
  ///
  /// - Parameters:
  ///   - reduction: one of ``reductions``; a PNG file is decoded whole all the same.
  ///   - limit: the most pixels that the file may have.
  /// - Throws: `ImageError`.
  package init(contentsOf path: String, reduction: Int, limit: ImageLimit = ImageLimit()) throws {
    try self.init(decoding: ImageFile.read(path), path: path, reduction: reduction, limit: limit)
  }

  /// Decodes a file held in memory.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - path: what errors call it.
  ///   - reduction: one of ``reductions``; a PNG file is decoded whole all the same.
  ///   - limit: the most pixels that the file may have.
  /// - Throws: `ImageError`.
  package init(decoding bytes: [UInt8], path: String, reduction: Int, limit: ImageLimit = ImageLimit()) throws {
    precondition(Self.reductions.contains(reduction), "no decoder reduces by \(reduction)")
    switch try ImageFile.format(of: bytes, path: path) {
    case .jpeg:
      self = try JPEGDecoder(path: path, limit: limit).decode(bytes, reduction: reduction)
    case .png:
      let image = try decodePNG(bytes, limit: limit, path: path)
      self.init(image: image, storedWidth: image.width, storedHeight: image.height, reduction: 1)
    }
  }
}
