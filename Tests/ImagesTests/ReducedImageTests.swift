import Images
import Testing

struct ReducedImageTests {
  /// A smooth image, of which the mean of n × n pixels tells all.
  private static func picture(_ width: Int, _ height: Int) -> Image {
    var image = Image(width: width, height: height, pixels: Array(repeating: 60, count: width * height * 3))
    for y in 0..<height {
      for x in 0..<width {
        image.pixels[(y * width + x) * 3] = UInt8(40 + x)
        image.pixels[(y * width + x) * 3 + 1] = UInt8(30 + y)
      }
    }
    return image
  }

  @Test(arguments: [2, 4, 8], [(64, 48), (77, 51), (9, 130)])
  func `A pixel is about the mean of those it stands for`(reduction: Int, size: (Int, Int)) throws {
    let (width, height) = size
    let whole = Self.picture(width, height)
    let bytes = try whole.jpeg(quality: 95)
    let decoded = try Image(decoding: bytes, path: "a.jpg")
    let reduced = try ReducedImage(decoding: bytes, path: "a.jpg", reduction: reduction)
    #expect((reduced.storedWidth, reduced.storedHeight, reduced.reduction) == (width, height, reduction))
    let image = reduced.image
    #expect((image.width, image.height) == ((width + reduction - 1) / reduction, (height + reduction - 1) / reduction))
    for y in 0..<height / reduction {
      for x in 0..<width / reduction {
        for channel in 0..<3 {
          var sum = 0
          for row in 0..<reduction {
            for column in 0..<reduction {
              sum += Int(decoded.pixels[((y * reduction + row) * width + x * reduction + column) * 3 + channel])
            }
          }
          let mean = Double(sum) / Double(reduction * reduction)
          // Chroma is stored for two pixels together and rounded once more.
          #expect(abs(mean - Double(image.pixels[(y * image.width + x) * 3 + channel])) < 4)
        }
      }
    }
  }

  @Test func `Nothing is lost without reduction, and PNG files have none`() throws {
    let whole = Self.picture(50, 40)
    let bytes = try whole.jpeg(quality: 90)
    #expect(try ReducedImage(decoding: bytes, path: "a", reduction: 1).image == Image(decoding: bytes, path: "a"))
    try withTemporaryFolder { folder in
      try whole.writePNG(to: folder.path + "/a.png")
      let png = try ReducedImage(contentsOf: folder.path + "/a.png", reduction: 8)
      #expect(png.reduction == 1 && png.image == whole)
    }
  }

  @Test(arguments: ["subsampling-420", "subsampling-422", "subsampling-tall", "progressive", "restart", "gray", "cmyk"])
  func `Every kind of JPEG file can be reduced, and a torn one is noticed`(name: String) throws {
    let bytes = try DecodingTests.bytes(name + ".jpg")
    let whole = try Image(decoding: bytes, path: name)
    for reduction in ReducedImage.reductions {
      let reduced = try ReducedImage(decoding: bytes, path: name, reduction: reduction)
      #expect((reduced.storedWidth, reduced.storedHeight) == (whole.width, whole.height))
      #expect(reduced.image.width == (whole.width + reduction - 1) / reduction)
      #expect(throws: ImageError.self) {
        try ReducedImage(decoding: Array(bytes[..<(bytes.count * 2 / 3)]), path: name, reduction: reduction)
      }
    }
  }
}
