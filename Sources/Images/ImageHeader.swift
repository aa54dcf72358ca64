/// What an image file says about itself before its first sample.
package struct ImageHeader: Sendable, Equatable {
  /// The number of columns that are stored.
  package let width: Int
  /// The number of rows that are stored.
  package let height: Int
  /// How the stored image is to be turned for people, by EXIF: 1, as it is, to 8.
  package let orientation: Int
  /// Bits of a sample: more than 8 in some PNG files.
  package let bitDepth: Int

  /// Creates a header.
  package init(width: Int, height: Int, orientation: Int = 1, bitDepth: Int = 8) {
    self.width = width
    self.height = height
    self.orientation = orientation
    self.bitDepth = bitDepth
  }

  /// Whether people are shown the image with rows and columns exchanged.
  package var isTurnedSideways: Bool { orientation >= 5 }

  /// Reads the header of a JPEG or PNG file; damage behind it is not noticed.
  ///
  /// - Parameter limit: the most pixels that it may state.
  /// - Throws: `ImageError`.
  package init(ofFile path: String, limit: ImageLimit = ImageLimit()) throws {
    let prefix = try ImageFile.read(path, upToCount: 1 << 14)
    // A JPEG header may follow any amount of metadata; then the whole file is needed.
    self =
      try (try? ImageHeader(prefix, limit: limit, path: path))
      ?? ImageHeader(ImageFile.read(path), limit: limit, path: path)
  }

  /// Reads the header of a file of which `bytes` are at least the beginning.
  init(_ bytes: [UInt8], limit: ImageLimit, path: String) throws {
    switch try ImageFile.format(of: bytes, path: path) {
    case .jpeg:
      let size = try JPEGDecoder(path: path, limit: limit).size(bytes)
      self.init(width: size.width, height: size.height, orientation: Self.orientation(ofJPEG: bytes))
    case .png:
      let size = try pngSize(bytes, limit: limit, path: path)
      self.init(
        width: size.width, height: size.height, orientation: Self.orientation(ofPNG: bytes),
        bitDepth: bytes.count > 24 ? Int(bytes[24]) : 8)
    }
  }

  /// The orientation tag of the first directory of an EXIF segment; 1 without a usable one.
  ///
  /// ### Source
  /// CIPA DC-008 (EXIF 2.3), section 4.6.4, and the TIFF 6.0 directories it builds on.
  private static func orientation(ofJPEG bytes: [UInt8]) -> Int {
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      if marker == 0xFF {
        position += 1  // fill byte
        continue
      }
      // Frames, scans and the end come behind all metadata.
      if marker == 0xDA || marker == 0xD9 || (0xC0...0xCF).contains(marker) && marker != 0xC4 { break }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let end = position + 2 + max(2, length)
      if marker == 0xE1, end <= bytes.count, bytes[(position + 4)..<end].starts(with: Array("Exif\0\0".utf8)) {
        return orientation(ofTIFF: bytes[(position + 10)..<end])
      }
      position = end
    }
    return 1
  }

  /// The same of a PNG file whose EXIF chunk stands before the pixels.
  ///
  /// ### Source
  /// PNG specification, third edition, section 11.3.4.5.
  private static func orientation(ofPNG bytes: [UInt8]) -> Int {
    var position = 8
    while position + 8 <= bytes.count {
      let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      let (type, content) = (bytes[position + 4..<position + 8], position + 8)
      if type.elementsEqual("IDAT".utf8) || content + length > bytes.count { break }
      if type.elementsEqual("eXIf".utf8) { return orientation(ofTIFF: bytes[content..<content + length]) }
      position = content + length + 4
    }
    return 1
  }

  private static func orientation(ofTIFF bytes: ArraySlice<UInt8>) -> Int {
    let isLittleEndian = bytes.starts(with: Array("II".utf8))
    func number(at offset: Int, count: Int) -> Int? {
      let start = bytes.startIndex + offset
      guard offset >= 0, start + count <= bytes.endIndex else { return nil }
      let digits = bytes[start..<start + count]
      return (isLittleEndian ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(at: 4, count: 4), let entries = number(at: directory, count: 2) else { return 1 }
    for entry in 0..<entries {
      let start = directory + 2 + 12 * entry
      guard let tag = number(at: start, count: 2) else { break }
      if tag == 0x0112, let value = number(at: start + 8, count: 2), (1...8).contains(value) { return value }
    }
    return 1
  }
}
