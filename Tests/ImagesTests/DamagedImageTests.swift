import Images
import TestSupport
import Testing

/// Damaged images; ``Fuzzing`` tells how to read more of them.
struct DamagedImageTests {
  /// Markers and chunks, and sides at the limits.
  private static let words: [[UInt8]] = [
    [0xFF, 0xD8], [0xFF, 0xD9], [0xFF, 0xDA], [0xFF, 0xC0, 0, 17, 8], [0xFF, 0xC2], [0xFF, 0xC4, 0xFF, 0xFF],
    [0xFF, 0xDD, 0, 4, 0, 1], [0xFF, 0xE1, 0, 30] + Array("Exif\0\0MM\0*".utf8), [0xFF, 0xDC, 0, 4, 0xFF, 0xFF],
    [0xFF, 0xDC, 0xFF, 0xDC], [0x7F, 0xFF, 0x0A, 0xAA], [0x3A, 0x98, 0x17, 0x70], [0, 0, 0x7F, 0xFF, 0, 0, 0x0A, 0xAA],
    Array("IHDR".utf8), Array("IDAT".utf8), Array("IEND".utf8), Array("PLTE".utf8), Array("tRNS".utf8),
    Array("zTXt".utf8),
  ]

  private func run(_ names: [String]) throws {
    let fuzzing = Fuzzing(try names.map(DecodingTests.bytes), words: Self.words)
    try withTemporaryFolder { folder in
      var number = 0
      let counts = fuzzing.run { bytes in
        number += 1
        let path = try folder.file("damaged", holding: bytes)
        do { _ = try ImageHeader(ofFile: path) } catch is ImageError {}
        do {
          let picture = try ReducedImage(contentsOf: path, reduction: ReducedImage.reductions[number % 4])
          let image = picture.image
          #expect(image.pixels.count == image.width * image.height * 3)
          #expect(image.width <= picture.storedWidth && picture.storedWidth <= Image.largestSide)
          return true
        } catch is ImageError {
          return false
        }
      }
      // Nearly every damage to a PNG file breaks a checksum.
      #expect(counts.taken > 0 && counts.refused > Fuzzing.caseCount / 10, "\(counts)")
    }
  }

  @Test(.timeLimit(.minutes(60))) func `Damaged JPEG files are decoded or refused`() throws {
    try run([
      "subsampling-420.jpg", "progressive.jpg", "restart.jpg", "gray.jpg", "cmyk.jpg", "subsampling-422.jpg",
      "subsampling-tall.jpg",
    ])
  }

  @Test(.timeLimit(.minutes(60))) func `Damaged PNG files are decoded or refused`() throws {
    try run(["png-rgb.png", "png-palette.png", "png-16-bit.png", "png-interlaced.png", "png-bits.png", "png-alpha.png"])
  }

  /// A megabyte of memory for each of such files would be little; a quarter of a gigabyte would not.
  @Test(arguments: ["subsampling-420.jpg", "progressive.jpg", "png-rgb.png"])
  func `A short file with a large header is refused before memory is taken`(name: String) throws {
    var bytes = try DecodingTests.bytes(name)
    // 15,000 × 5,900 pixels, which a longer file could have.
    if name.hasSuffix("png") {
      bytes.replaceSubrange(16..<24, with: [0, 0, 0x3A, 0x98, 0, 0, 0x17, 0x0C])
    } else {
      let marker: UInt8 = name == "progressive.jpg" ? 0xC2 : 0xC0
      let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == marker }) + 5
      bytes.replaceSubrange(frame..<frame + 4, with: [0x17, 0x0C, 0x3A, 0x98])
    }
    #expect(
      throws: ImageError(
        path: "a", reason: "the header says 15000×5900 pixels, more than \(bytes.count) bytes can hold")
    ) {
      try Image(decoding: bytes, path: "a")
    }
  }

  /// Bits and colour types that PNG does not have.
  @Test(arguments: [(3, 0), (16, 3), (4, 2), (0, 6), (8, 1), (8, 7)] as [(UInt8, UInt8)])
  func `A PNG header with an impossible depth is named`(bits: UInt8, type: UInt8) throws {
    var bytes = try DecodingTests.bytes("png-rgb.png")
    bytes.replaceSubrange(24..<26, with: [bits, type])
    let reason =
      "the PNG header is damaged: it says \(bits) bits a sample and the colour type \(type), which PNG does not have"
    #expect(throws: ImageError(path: "a", reason: reason)) { try Image(decoding: bytes, path: "a") }
    try withTemporaryFolder { folder in
      let path = try folder.file("a.png", holding: bytes)
      #expect(throws: ImageError(path: path, reason: reason)) { try ImageHeader(ofFile: path) }
    }
  }

  @Test func `Damage to a PNG file is not taken for a lack of memory`() throws {
    let bytes = try DecodingTests.bytes("png-rgb.png")
    for position in [26, 27, 28, 29] + Array(40..<bytes.count - 12) {
      var damaged = bytes
      damaged[position] ^= 0x55
      do {
        _ = try Image(decoding: damaged, path: "a")
      } catch let error as ImageError {
        #expect(!error.reason.contains("memory"), "\(position): \(error)")
      }
    }
  }
}
