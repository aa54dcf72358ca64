import CCairo

/// The bits a sample may have, by colour type (PNG specification, section 11.2.1).
private let pngBitDepths: [UInt8: Set<UInt8>] = [
  0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16],
]

/// The dimensions in the IHDR chunk, which always comes first (PNG specification, section 11.2.1).
func pngSize(_ bytes: [UInt8], limit: ImageLimit, path: String) throws -> (width: Int, height: Int) {
  guard bytes.count >= 24, bytes[12..<16].elementsEqual("IHDR".utf8) else {
    throw ImageError(path: path, reason: "the PNG header is cut off or damaged")
  }
  func number(at start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
  if bytes.count > 25, pngBitDepths[bytes[25]]?.contains(bytes[24]) != true {
    let type = "\(bytes[24]) bits a sample and the colour type \(bytes[25])"
    throw ImageError(path: path, reason: "the PNG header is damaged: it says \(type), which PNG does not have")
  }
  return try ImageFile.check(width: number(at: 16), height: number(at: 20), limit: limit, path: path)
}

/// Decodes a PNG file of any colour type; transparent pixels are laid on white. Of 16 bits the upper eight are taken, of
/// fewer bits that an sBIT chunk states and that are not scaled, the upper eight of these.
func decodePNG(_ bytes: [UInt8], limit: ImageLimit, path: String) throws -> Image {
  let (width, height) = try pngSize(bytes, limit: limit, path: path)
  // DEFLATE (RFC 1951) makes at most 258 bytes of 2 bits; a pixel has a bit at least.
  try ImageFile.check(width: width, height: height, pixelsPerByte: 258 * 4 * 8, in: bytes, path: path)
  if let image = DeepPNG(bytes)?.unscaledImage() { return image }
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
  switch status {
  case CAIRO_STATUS_SUCCESS: break
  case CAIRO_STATUS_READ_ERROR: throw ImageError(path: path, reason: "the PNG file is cut off")
  // What cairo says of whatever libpng finds wrong.
  case CAIRO_STATUS_NO_MEMORY: throw ImageError(path: path, reason: "damaged PNG file")
  default:
    throw ImageError(path: path, reason: "damaged PNG file: \(String(cString: cairo_status_to_string(status)))")
  }
  let canvas = Canvas(width: width, height: height, background: .white)
  canvas.draw(stored)
  return canvas.image()
}

/// Encodes an RGB PNG file.
func encodePNG(_ image: Image, path: String) throws -> [UInt8] {
  try Canvas(image).png(path: path)
}
