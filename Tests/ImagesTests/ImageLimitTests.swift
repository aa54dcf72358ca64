import Foundation
import Images
import Testing

/// How many pixels a file may have.
struct ImageLimitTests {
  private let picture = Image(width: 40, height: 25, pixels: Array(repeating: 9, count: 3000))

  @Test(arguments: ["a.jpg", "a.png"]) func `A limit acts on headers and pixels, and names what sets it`(
    name: String
  ) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder.path)/\(name)"
      if name.hasSuffix("jpg") {
        try picture.writeJPEG(to: path, quality: 90)
      } else {
        try picture.writePNG(to: path)
      }
      let (exact, tight) = (
        ImageLimit(pixelCount: 1000, setting: "a.key"), ImageLimit(pixelCount: 999, setting: "a.key")
      )
      #expect(try ImageHeader(ofFile: path, limit: exact).width == 40)
      #expect(try Image(contentsOf: path, limit: exact).height == 25)
      let error = ImageError(
        path: path, reason: "the header says 40×25 pixels; allowed are 999 in all, set by a.key")
      #expect(throws: error) { try ImageHeader(ofFile: path, limit: tight) }
      #expect(throws: error) { try Image(contentsOf: path, limit: tight) }
      #expect(throws: error) { try ReducedImage(contentsOf: path, reduction: 8, limit: tight) }
    }
  }

  @Test func `A limit can be above the default, but not above the longest sides`() throws {
    try withTemporaryFolder { folder in
      func header(_ width: Int, _ height: Int, _ limit: ImageLimit) throws -> ImageHeader {
        var bytes = try picture.pngBytes(in: folder)
        let sides = [width, height].flatMap { side in [24, 16, 8, 0].map { UInt8(side >> $0 & 0xFF) } }
        bytes.replaceSubrange(16..<24, with: sides)
        return try ImageHeader(ofFile: folder.file("large.png", holding: bytes), limit: limit)
      }
      #expect(throws: ImageError.self) { try header(10_000, 9_000, ImageLimit()) }
      let allowed = try header(10_000, 9_000, ImageLimit(pixelCount: 90_000_000, setting: nil))
      #expect(allowed.width == 10_000)
      let error = #expect(throws: ImageError.self) { try header(32_768, 1, .none) }
      #expect(error?.reason == "the header says 32768×1 pixels; allowed are 1 to 32767 a side")
    }
  }
}

extension Image {
  fileprivate func pngBytes(in folder: TemporaryFolder) throws -> [UInt8] {
    let path = folder.path + "/small.png"
    try writePNG(to: path)
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }
}
