import Files
import Foundation
import Images
import Testing

struct WritingTests {
  /// Smooth colours, as JPEG is meant for.
  let picture: Image = {
    var pixels = [UInt8]()
    for y in 0..<31 {
      for x in 0..<45 { pixels += [UInt8(x * 5), UInt8(y * 8), UInt8(255 - x - y)] }
    }
    return Image(width: 45, height: 31, pixels: pixels)
  }()

  @Test func aPNGFileHoldsEverySample() throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/a.png"
      try picture.writePNG(to: path)
      #expect(try Image(contentsOf: path) == picture)
    }
  }

  @Test func aJPEGFileIsCloseAndCloserAtHigherQuality() throws {
    func difference(quality: Int) throws -> Int {
      let image = try Image(decoding: picture.jpeg(quality: quality), path: "a.jpg")
      return DecodingTests.largestDifference(image.pixels, picture.pixels)
    }
    // At quality 100 the coefficients are rounded to integers: an error of at most half a step in each of 64
    // coefficients, and the same in colour conversion; what remains comes from halving the chroma resolution, whose
    // slope is up to 13 a pixel here.
    #expect(try difference(quality: 100) <= 13)
    #expect(try difference(quality: 20) > difference(quality: 100))
  }

  @Test func theFileHoldsTheBytesThatWereEncoded() throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/a.jpg"
      try picture.writeJPEG(to: path, quality: 90)
      #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) == picture.jpeg(quality: 90))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.jpg"])
    }
  }

  @Test func aFailureNamesFileAndReasonAndKeepsWhatIsThere() throws {
    try withTemporaryFolder { folder in
      let missing = folder.path + "/no/such/folder/a.png"
      #expect(throws: FileError(missing, cannot: "create a file in \(folder.path)/no/such/folder", errorNumber: ENOENT))
      {
        try picture.writePNG(to: missing)
      }
      let occupied = folder.path + "/occupied"
      try FileManager.default.createDirectory(atPath: occupied, withIntermediateDirectories: false)
      #expect(throws: FileError(occupied, "a directory; a file is to be written")) {
        try picture.writeJPEG(to: occupied, quality: 90)
      }
    }
  }

  @Test func aPictureTooLargeForTheEncoderIsAnError() {
    let long = Image(width: 65_501, height: 1, pixels: Array(repeating: 0, count: 65_501 * 3))
    let error = #expect(throws: ImageError.self) { try long.writeJPEG(to: "long.jpg", quality: 90) }
    #expect(error?.path == "long.jpg")
  }
}
