import Images

extension AnnotatedImage {
  /// Decodes the image file.
  ///
  /// - Throws: `DatasetError` when it cannot be decoded or is no longer the file that the data set was read from.
  package func load() throws -> Image { try load(reduction: 1).image }

  /// Decodes the image file, smaller where the format allows it.
  ///
  /// - Parameter reduction: 1, 2, 4 or 8; what the image really is reduced by is in the result.
  /// - Throws: `DatasetError` when it cannot be decoded or is no longer the file that the data set was read from.
  package func load(reduction: Int) throws(DatasetError) -> ReducedImage {
    // A larger size than the default was allowed when the header was read.
    let limit = ImageLimit(pixelCount: max(width * height, Image.largestPixelCount), setting: nil)
    let decoded: ReducedImage
    do {
      decoded = try ReducedImage(contentsOf: imagePath, reduction: reduction, limit: limit)
    } catch {
      throw DatasetError(file: imagePath, reason: (error as? ImageError)?.reason ?? "\(error)")
    }
    let (storedWidth, storedHeight) = (decoded.storedWidth, decoded.storedHeight)
    guard storedWidth == width, storedHeight == height else {
      throw DatasetError(
        file: imagePath,
        reason: "has \(storedWidth)×\(storedHeight) pixels, but had \(width)×\(height) when the data set was read")
    }
    return decoded
  }
}
