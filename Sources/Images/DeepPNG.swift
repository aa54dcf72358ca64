import CPNG

/// A PNG file with 16 bits a sample, whose samples may use fewer of them.
///
/// The PNG specification wants samples of fewer bits scaled to all 16, and an sBIT chunk to state their true number. Cameras
/// and microscopes of 10, 12 or 14 bits are often stored as they are, so that the image is nearly black.
struct DeepPNG {
  /// The bits that the sBIT chunk states, the most of all channels; nothing without one, or when it says 16.
  let statedBits: Int?
  /// Whether it is without transparency.
  let isOpaque: Bool
  private let width: Int
  private let height: Int
  /// The file without its ancillary chunks, by which libpng would change samples.
  private let plain: [UInt8]

  /// Looks at the chunks.
  ///
  /// - Returns: nothing for other files.
  init?(_ bytes: [UInt8]) {
    guard bytes.count > 25, bytes[24] == 16 else { return nil }
    func number(at start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
    (width, height) = (number(at: 16), number(at: 20))
    var plain = Array(bytes[..<8])
    var bits: Int?
    var hasTransparentColor = false
    var start = 8
    while start + 12 <= bytes.count {
      let (length, type) = (number(at: start), bytes[start + 4..<start + 8])
      let end = start + 12 + length
      if end > bytes.count { break }
      if type.elementsEqual("tRNS".utf8) { hasTransparentColor = true }
      if type.elementsEqual("sBIT".utf8) { bits = bytes[start + 8..<start + 8 + length].max().map(Int.init) }
      // Ancillary chunks begin with a lower-case letter.
      if bytes[start + 4] & 0x20 == 0 { plain += bytes[start..<end] }
      start = end
    }
    // Grey and RGB, without alpha and with it.
    guard [0, 2, 4, 6].contains(bytes[25]) else { return nil }
    isOpaque = bytes[25] < 4 && !hasTransparentColor
    self.plain = plain
    statedBits = bits.flatMap { (1..<16).contains($0) ? $0 : nil }
  }

  /// The samples as they are stored, [height, width, 3], those under an alpha channel laid on black; nothing for a damaged
  /// file, whose fault decoding will tell.
  ///
  /// - Precondition: the size was checked.
  func samples() -> [UInt16]? {
    plain.withUnsafeBytes { file in
      var png = png_image()
      png.version = UInt32(PNG_IMAGE_VERSION)
      defer { png_image_free(&png) }
      guard png_image_begin_read_from_memory(&png, file.baseAddress, file.count) != 0,
        (Int(png.width), Int(png.height)) == (width, height)
      else { return nil }
      png.format = UInt32(PNG_FORMAT_FLAG_LINEAR | PNG_FORMAT_FLAG_COLOR)
      let count = width * height * 3
      var isRead = false
      let samples = [UInt16](unsafeUninitializedCapacity: count) { buffer, initialized in
        isRead = png_image_finish_read(&png, nil, buffer.baseAddress, Int32(width * 3), nil) != 0
        initialized = isRead ? count : 0
      }
      return isRead ? samples : nil
    }
  }

  /// The image by the bits that the file states, when its samples are not scaled to 16.
  ///
  /// - Returns: nothing when no such bits are stated, or the samples are scaled, so that decoding as usual is right.
  func unscaledImage() -> Image? {
    guard isOpaque, let bits = statedBits, let samples = samples() else { return nil }
    // Scaled samples are multiples as long as they are this small, and others are larger.
    let step: UInt16 = 1 << UInt16(16 - bits)
    guard samples.allSatisfy({ $0 < 1 << UInt16(bits) }), samples.contains(where: { $0 % step != 0 }) else {
      return nil
    }
    let largest = (1 << bits) - 1
    let pixels = samples.map { bits >= 8 ? UInt8($0 >> UInt16(bits - 8)) : UInt8(Int($0) * 255 / largest) }
    return Image(width: width, height: height, pixels: pixels)
  }
}
