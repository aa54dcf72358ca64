import Foundation
import Images
import Testing

struct ImageHeaderTests {
  /// An EXIF segment with a resolution and an orientation.
  static func exif(_ orientation: UInt8, isLittleEndian: Bool = true) -> [UInt8] {
    func number(_ value: UInt8, bytes: Int) -> [UInt8] {
      let zeros = [UInt8](repeating: 0, count: bytes - 1)
      return isLittleEndian ? [value] + zeros : zeros + [value]
    }
    func entry(_ tag: [UInt8], _ value: [UInt8]) -> [UInt8] {
      (isLittleEndian ? tag.reversed() : tag) + number(3, bytes: 2) + number(1, bytes: 4) + value + [0, 0]
    }
    let tiff =
      Array((isLittleEndian ? "II" : "MM").utf8) + number(42, bytes: 2) + number(8, bytes: 4) + number(2, bytes: 2)
      + entry([0x01, 0x28], number(2, bytes: 2)) + entry([0x01, 0x12], number(orientation, bytes: 2)) + [0, 0, 0, 0]
    let content = Array("Exif\0\0".utf8) + tiff
    return [0xFF, 0xE1, 0, UInt8(content.count + 2)] + content
  }

  private func header(_ bytes: [UInt8]) throws -> ImageHeader {
    var header: ImageHeader?
    try withTemporaryFolder { header = try ImageHeader(ofFile: try $0.file("a", holding: bytes)) }
    return try #require(header)
  }

  @Test(arguments: 1...8, [true, false])
  func `an EXIF orientation is found and changes neither size nor samples`(
    orientation: Int, isLittleEndian: Bool
  ) throws {
    let plain = try DecodingTests.bytes("subsampling-420.jpg")
    let tagged = plain[..<2] + Self.exif(UInt8(orientation), isLittleEndian: isLittleEndian) + plain[2...]
    let header = try header(Array(tagged))
    #expect(header.orientation == orientation && header.isTurnedSideways == (orientation >= 5))
    #expect((header.width, header.height) == (37, 29))
    #expect(try Image(decoding: Array(tagged), path: "a") == Image(decoding: plain, path: "a"))
  }

  @Test(arguments: ["subsampling-420.jpg", "progressive.jpg", "png-16-bit.png"])
  func `a file without EXIF is upright`(name: String) throws {
    #expect(try header(DecodingTests.bytes(name)).orientation == 1)
  }

  @Test func `a damaged EXIF segment is passed over`() throws {
    let plain = try DecodingTests.bytes("subsampling-420.jpg")
    for position in 4..<Self.exif(6).count {
      for value: UInt8 in [0, 0x7F, 0xFF] {
        var segment = Self.exif(6)
        segment[position] = value
        let header = try header(Array(plain[..<2] + segment + plain[2...]))
        #expect((1...8).contains(header.orientation) && header.width == 37)
      }
    }
    #expect(try header(Array(plain[..<2] + Self.exif(9) + plain[2...])).orientation == 1)
  }
}
