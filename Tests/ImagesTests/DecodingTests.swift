import Foundation
import Images
import Testing

/// Decoding of stored files; `Tests/Fixtures/Images/generate.py` tells where they come from.
struct DecodingTests {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/Images")

  static func bytes(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: fixtures.appending(path: name)))
  }

  static func largestDifference(_ a: [UInt8], _ b: [UInt8]) -> Int {
    zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }

  @Test(arguments: [
    "subsampling-420", "subsampling-422", "subsampling-444", "subsampling-tall", "progressive", "restart", "gray",
    "cmyk",
  ])
  func aJPEGFileDecodesToPillowsSamples(name: String) throws {
    let image = try Image(contentsOf: Self.fixtures.appending(path: name + ".jpg").path)
    #expect(try image.pixels == Self.bytes(name + ".rgb"))
  }

  @Test(arguments: ["png-rgb", "png-interlaced", "png-palette", "png-gray", "png-bits", "png-16-bit"])
  func anOpaquePNGFileDecodesToTheSamplesEncoded(name: String) throws {
    let image = try Image(contentsOf: Self.fixtures.appending(path: name + ".png").path)
    #expect((image.width, image.height) == (37, 29))
    #expect(try image.pixels == Self.bytes(name + ".rgb"))
  }

  /// Cairo multiplies by the opacity and adds the white in 8 bits, each rounded, hence up to 1 off.
  @Test(arguments: ["png-alpha", "png-gray-alpha"])
  func transparencyIsLaidOnWhite(name: String) throws {
    let image = try Image(contentsOf: Self.fixtures.appending(path: name + ".png").path)
    #expect(try Self.largestDifference(image.pixels, Self.bytes(name + ".rgb")) <= 1)
  }

  @Test(arguments: ["subsampling-tall.jpg", "progressive.jpg", "cmyk.jpg", "png-16-bit.png", "png-palette.png"])
  func theHeaderTellsTheSizeOfTheDecodedPicture(name: String) throws {
    let path = Self.fixtures.appending(path: name).path
    let (image, size) = (try Image(contentsOf: path), try Image.size(ofFile: path))
    #expect(size == (image.width, image.height))
  }

  @Test func theSizeIsFoundBehindAnyAmountOfMetadata() throws {
    let jpeg = try Self.bytes("progressive.jpg")
    let comment: [UInt8] = [0xFF, 0xFE, 0xFF, 0xFF] + Array(repeating: 0x20, count: 0xFFFD)
    try withTemporaryFolder { folder in
      let path = try folder.file("comments.jpg", holding: jpeg[..<2] + comment + comment + comment + jpeg[2...])
      #expect(try Image.size(ofFile: path) == (37, 29))
    }
  }

  /// However much of the end is missing, there is an error or the whole image, never a part of it.
  @Test(arguments: [
    "subsampling-420.jpg", "progressive.jpg", "restart.jpg", "cmyk.jpg", "png-rgb.png", "png-palette.png",
  ])
  func aFileCutOffAnywhereIsAnErrorThatNamesIt(name: String) throws {
    let whole = try Self.bytes(name)
    let image = try Image(decoding: whole, path: name)
    for count in 0..<whole.count {
      do {
        let part = try Image(decoding: Array(whole[..<count]), path: name)
        #expect(part == image, "\(count) of \(whole.count) bytes gave another picture")
      } catch let error as ImageError {
        #expect(error.path == name)
        #expect(!error.reason.isEmpty)
        #expect(error.description.hasPrefix(name))
      }
    }
  }

  @Test func aTornJPEGFileIsNamedSo() throws {
    let whole = try Self.bytes("subsampling-420.jpg")
    let error = #expect(throws: ImageError.self) {
      try Image(decoding: Array(whole[..<(whole.count * 9 / 10)]), path: "torn.jpg")
    }
    #expect(error == ImageError(path: "torn.jpg", reason: "Premature end of JPEG file"))
  }

  /// Flipped bits inside the image must not crash; a PNG file has checksums, so none goes unnoticed there.
  @Test(arguments: ["subsampling-420.jpg", "progressive.jpg", "png-rgb.png"])
  func aDamagedFileNeverDecodesToAnotherShape(name: String) throws {
    let whole = try Self.bytes(name)
    let image = try Image(decoding: whole, path: name)
    for position in 20..<whole.count {
      var damaged = whole
      damaged[position] ^= 0x15
      guard let result = try? Image(decoding: damaged, path: name) else { continue }
      #expect(result.pixels.count == result.width * result.height * 3)
      if name.hasSuffix("png") { #expect(result == image, "the damage at byte \(position) went unnoticed") }
    }
  }

  @Test func trailingAndExtraneousBytesAreTolerated() throws {
    let whole = try Self.bytes("subsampling-420.jpg")
    let image = try Image(decoding: whole, path: "a.jpg")
    #expect(try Image(decoding: whole + [1, 2, 3, 0xFF, 0xD8, 0xFF], path: "a.jpg") == image)
    // A few bytes between two segments, as some cameras write them.
    let firstTable = try #require(whole.indices.first { whole[$0] == 0xFF && whole[$0 + 1] == 0xDB })
    let padded = whole[..<firstTable] + [0, 0, 0] + whole[firstTable...]
    #expect(try Image(decoding: Array(padded), path: "a.jpg") == image)
    // The harmless oddity must not hide that the end is missing.
    #expect(throws: ImageError(path: "a.jpg", reason: "Premature end of JPEG file")) {
      try Image(decoding: Array(padded[..<(whole.count * 3 / 4)]), path: "a.jpg")
    }
  }

  @Test(
    arguments: [
      ("empty.jpg", [], "the file is empty"),
      (
        "picture.gif", Array("GIF89a\u{1}\0\u{1}\0".utf8),
        "a GIF image; only JPEG and PNG are read: convert it, as by 'mogrify -format png FILE'"
      ),
      ("picture.bmp", Array("BM6\0\0\0".utf8), "neither a JPEG nor a PNG file"),
      ("notes.png", Array("not found".utf8), "neither a JPEG nor a PNG file but a text file"),
    ] as [(String, [UInt8], String)])
  func otherContentIsRefused(name: String, content: [UInt8], reason: String) throws {
    try withTemporaryFolder { folder in
      let path = try folder.file(name, holding: content)
      #expect(throws: ImageError(path: path, reason: reason)) { try Image(contentsOf: path) }
      #expect(throws: ImageError(path: path, reason: reason)) { try Image.size(ofFile: path) }
    }
  }

  @Test func theSystemsReasonIsGiven() throws {
    try withTemporaryFolder { folder in
      #expect(throws: ImageError(path: folder.path, reason: "Is a directory")) { try Image(contentsOf: folder.path) }
      let missing = folder.path + "/missing.jpg"
      #expect(throws: ImageError(path: missing, reason: "No such file or directory")) {
        try Image(contentsOf: missing)
      }
    }
  }

  @Test func theContentDecidesNotTheName() throws {
    try withTemporaryFolder { folder in
      let path = try folder.file("really-a.jpg", holding: Self.bytes("png-rgb.png"))
      #expect(try Image(contentsOf: path).pixels == Self.bytes("png-rgb.rgb"))
    }
  }

  @Test func absurdDimensionsAreRefusedBeforeMemoryIsTaken() throws {
    var jpeg = try Self.bytes("subsampling-420.jpg")
    let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 }) + 5
    jpeg.replaceSubrange(frame..<frame + 4, with: [0x7F, 0xFF, 0x7F, 0xFF])
    var png = try Self.bytes("png-rgb.png")
    png.replaceSubrange(16..<24, with: Array(repeating: 0xFF, count: 8))
    for file in [jpeg, png] {
      let error = #expect(throws: ImageError.self) { try Image(decoding: file, path: "bomb") }
      #expect(error?.reason.contains("pixels; allowed are") == true)
    }
  }
}
