import Images
import TestSupport
import Testing

/// PNG files of 16 bits, and samples that use fewer.
struct DeepPNGTests {
  private func pixels(_ bytes: [UInt8]) throws -> [UInt8] { try Image(decoding: bytes, path: "a.png").pixels }

  private func grey(_ samples: [UInt16], statedBits: UInt8? = nil, more: [(String, [UInt8])] = []) -> [UInt8] {
    deepPNG(width: samples.count, height: 1, statedBits: statedBits, more: more, samples: samples)
  }

  private func largest(_ bytes: [UInt8]) -> Int? { DarkSamples(ofPNG: bytes)?.largest }

  @Test(arguments: [nil, 16])
  func `Of 16 bits the upper eight are taken`(statedBits: UInt8?) throws {
    let samples: [UInt16] = [0, 255, 256, 4095, 0x1234, 0xFFFF]
    let upper = samples.map { UInt8($0 >> 8) }.flatMap { [$0, $0, $0] }
    #expect(try pixels(grey(samples, statedBits: statedBits)) == upper)
    let colours = deepPNG(width: 2, height: 1, channels: 3, statedBits: statedBits, samples: samples)
    #expect(try pixels(colours) == samples.map { UInt8($0 >> 8) })
    #expect(DarkSamples(ofPNG: colours) == nil)
  }

  @Test(arguments: [10, 12, 14, 8, 6] as [UInt8])
  func `Of samples that are not scaled the upper eight of the stated bits are taken`(bits: UInt8) throws {
    let largest = UInt16(1) << UInt16(bits) - 1
    let samples: [UInt16] = [0, 1, largest / 2, largest - 1, largest, largest / 3]
    let expected = samples.map { bits >= 8 ? UInt8($0 >> UInt16(bits - 8)) : UInt8(Int($0) * 255 / Int(largest)) }
    #expect(try pixels(deepPNG(width: 2, height: 1, channels: 3, statedBits: bits, samples: samples)) == expected)
    #expect(try pixels(grey(samples, statedBits: bits)) == expected.flatMap { [$0, $0, $0] })
    // What libpng would do by the gamma of a file does not matter.
    #expect(
      try pixels(grey(samples, statedBits: bits, more: [("gAMA", [0, 0, 0xB1, 0x8F])]))
        == expected.flatMap { [$0, $0, $0] })
    #expect(DarkSamples(ofPNG: grey(samples, statedBits: bits)) == nil)
  }

  /// As the specification wants it: the upper bits of a sample are repeated in the lower ones.
  @Test(arguments: [[0, 17, 255], [0, 4095, 2000, 1]] as [[UInt16]])
  func `Samples of fewer bits that are scaled are decoded as any`(values: [UInt16]) throws {
    let scaled = values.map { $0 << 4 | $0 >> 8 }
    #expect(try pixels(grey(scaled, statedBits: 12)) == scaled.flatMap { Array(repeating: UInt8($0 >> 8), count: 3) })
  }

  @Test func `A dark image is told with its largest sample`() throws {
    #expect(largest(grey([0, 4095, 7])) == 4095)
    #expect(largest(grey([255, 1, 7], more: [("sRGB", [0])])) == 255)
    #expect(largest(grey([16_383])) == 16_383)
    #expect(largest(grey([16_384, 3])) == nil)
    #expect(largest(grey([0, 0])) == nil)
    for name in ["png-rgb.png", "png-16-bit.png", "png-palette.png", "subsampling-420.jpg"] {
      #expect(DarkSamples(ofPNG: try DecodingTests.bytes(name)) == nil)
    }
  }

  @Test func `Hot pixels make no image bright`() throws {
    let samples = (0..<2000).map { UInt16($0) }
    #expect(largest(grey(samples + [65_535, 65_535])) == 1999)
    #expect(DarkSamples(ofPNG: grey(samples + [65_535]))?.hasExceptions == true)
    #expect(largest(grey(samples + [65_535, 65_535, 65_535])) == nil)
    // Above a sixteenth a few bright samples are the image's.
    #expect(largest(grey(samples + [4096, 4096, 4096, 65_535])) == nil)
    #expect(largest(grey(Array(repeating: 0, count: 2000) + [65_535])) == nil)
  }

  @Test func `Dark images with transparency are told too, but no sBIT chunk helps them`() throws {
    let grey = deepPNG(width: 2, height: 1, channels: 2, samples: [4095, 65_535, 7, 65_535])
    let colours = deepPNG(width: 1, height: 1, channels: 4, samples: [1, 4095, 2, 65_535])
    let marked = deepPNG(
      width: 1, height: 1, channels: 3, more: [("tRNS", [0, 0, 0, 0, 0, 0])], samples: [1, 4095, 2])
    for bytes in [grey, colours, marked] {
      let samples = try #require(DarkSamples(ofPNG: bytes))
      #expect(samples.largest == 4095 && !samples.isOpaque)
    }
    #expect(largest(deepPNG(width: 1, height: 1, channels: 4, samples: [1, 40_095, 2, 65_535])) == nil)
    #expect(DarkSamples(ofPNG: self.grey([4095, 1]))?.isOpaque == true)
  }

  @Test func `Damage does not crash, and is told by decoding`() throws {
    let bytes = grey([0, 4095, 7], statedBits: 12)
    for position in bytes.indices {
      var damaged = bytes
      damaged[position] ^= 0x55
      _ = DarkSamples(ofPNG: damaged)
      do { _ = try pixels(damaged) } catch is ImageError {}
      _ = DarkSamples(ofPNG: Array(bytes[..<position]))
      do { _ = try pixels(Array(bytes[..<position])) } catch is ImageError {}
    }
  }
}
