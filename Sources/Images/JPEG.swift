import CTurboJPEG

/// Decodes JPEG files with the accurate DCT and interpolated chroma, like Pillow and OpenCV.
final class JPEGDecoder {
  private let handle: tjhandle
  private let path: String
  private let limit: ImageLimit

  init(path: String, limit: ImageLimit) throws {
    guard let handle = tjInitDecompress() else {
      throw ImageError(path: path, reason: "no JPEG decoder: \(String(cString: tjGetErrorStr2(nil)))")
    }
    self.handle = handle
    self.path = path
    self.limit = limit
  }

  deinit { tjDestroy(handle) }

  func size(_ bytes: [UInt8]) throws -> (width: Int, height: Int) {
    let header = try readHeader(bytes)
    return (header.width, header.height)
  }

  /// Huffman codes have a bit at least for each block of 64 pixels, 512 in a byte; arithmetic coding may have fewer.
  private static let pixelsPerByte = 4096

  /// - Parameter reduction: 1, 2, 4 or 8; see ``ReducedImage``.
  func decode(_ bytes: [UInt8], reduction: Int = 1) throws -> ReducedImage {
    let (storedWidth, storedHeight, isCMYK) = try readHeader(bytes)
    try ImageFile.check(
      width: storedWidth, height: storedHeight, pixelsPerByte: Self.pixelsPerByte, in: bytes, path: path)
    // The library takes the largest of its scales that fits.
    let (width, height) = ((storedWidth + reduction - 1) / reduction, (storedHeight + reduction - 1) / reduction)
    let samples = isCMYK ? 4 : 3
    let format = isCMYK ? TJPF_CMYK : TJPF_RGB
    let decoded = try [UInt8](unsafeUninitializedCapacity: width * height * samples) { buffer, count in
      let status = tjDecompress2(
        handle, bytes, UInt(bytes.count), buffer.baseAddress, Int32(width), 0, Int32(height), format.rawValue,
        TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)
      if status != 0 { try judgeFailure(bytes) }
      count = width * height * samples
    }
    return ReducedImage(
      image: Image(width: width, height: height, pixels: isCMYK ? Self.rgb(fromInverseCMYK: decoded) : decoded),
      storedWidth: storedWidth, storedHeight: storedHeight, reduction: reduction)
  }

  private func readHeader(_ bytes: [UInt8]) throws -> (width: Int, height: Int, isCMYK: Bool) {
    var (width, height, subsampling, colourSpace) = (Int32(0), Int32(0), Int32(0), Int32(0))
    // Unusual subsampling is reported as a failure although the header is read and the image can be decoded.
    let status = tjDecompressHeader3(handle, bytes, UInt(bytes.count), &width, &height, &subsampling, &colourSpace)
    if status != 0 && (width <= 0 || height <= 0) { throw ImageError(path: path, reason: message) }
    let size = try ImageFile.check(width: Int(width), height: Int(height), limit: limit, path: path)
    let isCMYK = colourSpace == TJCS_CMYK.rawValue || colourSpace == TJCS_YCCK.rawValue
    return (size.width, size.height, isCMYK)
  }

  private var message: String { String(cString: tjGetErrorStr2(handle)) }

  /// Warnings of libjpeg that leave every pixel as the encoder meant it.
  private static let harmlessWarnings = [
    "extraneous bytes before marker", "unknown JFIF revision number", "Unknown Adobe color transform code",
    "Invalid SOS parameters", "bad ICC marker",
  ]

  /// Throws unless decoding was completed with no more than a harmless warning.
  ///
  /// The library keeps the text of the first warning only, so the end of the data is checked besides.
  private func judgeFailure(_ bytes: [UInt8]) throws {
    let message = message
    let isWarning = tjGetErrorCode(handle) == TJERR_WARNING.rawValue
    guard isWarning, Self.harmlessWarnings.contains(where: message.contains) else {
      throw ImageError(path: path, reason: message)
    }
    guard Self.reachesEndOfImage(bytes) else {
      throw ImageError(path: path, reason: "Premature end of JPEG file")
    }
  }

  /// Whether the markers lead to an end-of-image marker (ITU-T T.81, annex B).
  static func reachesEndOfImage(_ bytes: [UInt8]) -> Bool {
    var position = 2
    while position + 1 < bytes.count {
      guard bytes[position] == 0xFF else {
        position += 1  // entropy-coded data, or bytes that do not belong there
        continue
      }
      switch bytes[position + 1] {
      case 0xD9: return true
      case 0xFF: position += 1  // fill byte
      case 0x00, 0x01, 0xD0...0xD8: position += 2  // markers without a segment, and an escaped 0xFF
      default:
        guard position + 3 < bytes.count else { return false }
        position += 2 + max(2, Int(bytes[position + 2]) << 8 + Int(bytes[position + 3]))
      }
    }
    return false
  }

  /// Converts CMYK, stored inverted as all programs write it that follow Adobe, by ink coverage without a colour profile.
  private static func rgb(fromInverseCMYK samples: [UInt8]) -> [UInt8] {
    var pixels = [UInt8]()
    pixels.reserveCapacity(samples.count / 4 * 3)
    for pixel in stride(from: 0, to: samples.count, by: 4) {
      let black = Int(samples[pixel + 3])
      for ink in 0..<3 {
        pixels.append(UInt8((Int(samples[pixel + ink]) * black + 127) / 255))
      }
    }
    return pixels
  }
}

/// Encodes a baseline JPEG file with 4:2:0 chroma subsampling and the accurate DCT.
func encodeJPEG(_ image: Image, quality: Int, path: String) throws -> [UInt8] {
  precondition((1...100).contains(quality), "JPEG quality \(quality) is outside 1...100")
  guard let handle = tjInitCompress() else {
    throw ImageError(path: path, reason: "no JPEG encoder: \(String(cString: tjGetErrorStr2(nil)))")
  }
  defer { tjDestroy(handle) }
  var buffer: UnsafeMutablePointer<UInt8>?
  defer { tjFree(buffer) }
  var count: UInt = 0
  let status = tjCompress2(
    handle, image.pixels, Int32(image.width), 0, Int32(image.height), TJPF_RGB.rawValue, &buffer, &count,
    Int32(TJSAMP_420.rawValue), Int32(quality), TJFLAG_ACCURATEDCT)
  guard status == 0 else { throw ImageError(path: path, reason: String(cString: tjGetErrorStr2(handle))) }
  return [UInt8](UnsafeBufferPointer(start: buffer, count: Int(count)))
}
