import Foundation
import Images
import TestSupport
import Testing

/// The eight orientations of EXIF.
struct ImageOrientationTests {
  /// Three columns and two rows; a pixel's red is its number: 0 1 2 above 3 4 5.
  private static let stored = Image(width: 3, height: 2, pixels: (0..<6).flatMap { [UInt8($0), 7, 8] })

  /// What is seen, row by row, of each orientation: the first stored row and column lie at the sides that EXIF names.
  private static let seen: [(Int, [[UInt8]])] = [
    (1, [[0, 1, 2], [3, 4, 5]]), (2, [[2, 1, 0], [5, 4, 3]]), (3, [[5, 4, 3], [2, 1, 0]]),
    (4, [[3, 4, 5], [0, 1, 2]]), (5, [[0, 3], [1, 4], [2, 5]]), (6, [[3, 0], [4, 1], [5, 2]]),
    (7, [[5, 2], [4, 1], [3, 0]]), (8, [[2, 5], [1, 4], [0, 3]]),
  ]

  @Test(arguments: seen)
  func `Each turns and mirrors as EXIF says`(orientation: Int, rows: [[UInt8]]) {
    let turned = Self.stored.turned(byOrientation: orientation)
    #expect((turned.width, turned.height) == (rows[0].count, rows.count))
    #expect(turned.pixels == rows.flatMap { $0.flatMap { [$0, 7, 8] } })
  }

  @Test func `The orientation of a PNG file is read from its EXIF chunk`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/a.png"
    try Self.stored.writePNG(to: path)
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let tiff: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]
    let chunk = [0, 0, 0, UInt8(tiff.count)] + Array("eXIf".utf8) + tiff + Self.checksum(Array("eXIf".utf8) + tiff)
    bytes.insert(contentsOf: chunk, at: 33)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    #expect(try ImageHeader(ofFile: path).orientation == 6)
    #expect(try Image(uprightContentsOf: path) == Self.stored.turned(byOrientation: 6))
  }

  /// CRC-32 as PNG has it.
  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    var value: UInt32 = .max
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }
    return withUnsafeBytes(of: (~value).bigEndian) { Array($0) }
  }
}
