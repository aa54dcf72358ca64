import CCairo

/// The dimensions in the IHDR chunk, which always comes first (PNG specification, section 11.2.1).
func pngSize(_ bytes: [UInt8], limit: ImageLimit, path: String) throws -> (width: Int, height: Int) {
  guard bytes.count >= 24, bytes[12..<16].elementsEqual("IHDR".utf8) else {
    throw ImageError(path: path, reason: "the PNG header is cut off or damaged")
  }
  func number(at start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
  return try ImageFile.check(width: number(at: 16), height: number(at: 20), limit: limit, path: path)
}

/// Decodes a PNG file of any colour type; transparent pixels are laid on white.
func decodePNG(_ bytes: [UInt8], limit: ImageLimit, path: String) throws -> Image {
  let (width, height) = try pngSize(bytes, limit: limit, path: path)
  // DEFLATE (RFC 1951) makes at most 258 bytes of 2 bits; a pixel has a bit at least.
  try ImageFile.check(width: width, height: height, pixelsPerByte: 258 * 4 * 8, in: bytes, path: path)
  let stored = bytes.withUnsafeBytes { buffer in
    var unread = buffer[...]
    return withUnsafeMutablePointer(to: &unread) { unread in
      cairo_image_surface_create_from_png_stream(
        { context, destination, count in
          guard let unread = context?.assumingMemoryBound(to: Slice<UnsafeRawBufferPointer>.self),
            let destination, unread.pointee.count >= count
          else { return CAIRO_STATUS_READ_ERROR }
          let taken = unread.pointee.prefix(Int(count))
          UnsafeMutableRawBufferPointer(start: destination, count: Int(count)).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: taken))
          unread.pointee = unread.pointee.dropFirst(Int(count))
          return CAIRO_STATUS_SUCCESS
        }, unread)
    }
  }
  defer { cairo_surface_destroy(stored) }
  let status = cairo_surface_status(stored)
  guard status == CAIRO_STATUS_SUCCESS else {
    throw ImageError(
      path: path,
      reason: status == CAIRO_STATUS_READ_ERROR
        ? "the PNG file is cut off" : "damaged PNG file: \(String(cString: cairo_status_to_string(status)))")
  }
  let canvas = Canvas(width: width, height: height, background: .white)
  canvas.draw(stored)
  return canvas.image()
}

/// Encodes an RGB PNG file.
func encodePNG(_ image: Image, path: String) throws -> [UInt8] {
  try Canvas(image).png(path: path)
}
