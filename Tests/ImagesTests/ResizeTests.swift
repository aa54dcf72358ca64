import Images
import Testing

/// Resizing against a plain Double implementation of the definition.
struct ResizeTests {
  /// A picture without any symmetry.
  static func picture(width: Int, height: Int) -> Image {
    let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
    return Image(width: width, height: height, pixels: pixels)
  }

  static func resized(
    _ image: Image, width: Int, height: Int, mean: (Float, Float, Float) = (0, 0, 0), mirrored: Bool = false
  ) -> [Float] {
    [Float](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      image.resize(
        width: width, height: height, subtracting: mean, mirrored: mirrored, into: buffer.baseAddress!)
      count = width * height * 3
    }
  }

  /// The value at a fractional position: the tent-weighted sum over all pixels, positions clamped to the picture.
  static func reference(_ image: Image, width: Int, height: Int, x: Int, y: Int, channel: Int) -> Double {
    func weights(_ output: Int, _ outputCount: Int, _ inputCount: Int) -> [Double] {
      let centre = (Double(output) + 0.5) * Double(inputCount) / Double(outputCount)
      let position = min(max(centre - 0.5, 0), Double(inputCount - 1))
      return (0..<inputCount).map { max(0, 1 - abs(Double($0) - position)) }
    }
    let across = weights(x, width, image.width)
    var sum = 0.0
    for (row, down) in weights(y, height, image.height).enumerated() where down > 0 {
      for (column, weight) in across.enumerated() where weight > 0 {
        sum += down * weight * Double(image.pixels[(row * image.width + column) * 3 + channel])
      }
    }
    return sum
  }

  @Test(arguments: [(13, 7, 5, 11), (7, 13, 20, 3), (9, 6, 9, 6), (1, 1, 4, 3), (31, 2, 1, 1)])
  func agreesWithTheDefinition(inputWidth: Int, inputHeight: Int, width: Int, height: Int) {
    let image = Self.picture(width: inputWidth, height: inputHeight)
    let mean: (Float, Float, Float) = (123, 117, 104)
    let result = Self.resized(image, width: width, height: height, mean: mean)
    for y in 0..<height {
      for x in 0..<width {
        for (channel, mean) in [123.0, 117, 104].enumerated() {
          let expected = Self.reference(image, width: width, height: height, x: x, y: y, channel: channel) - mean
          let actual = Double(result[(y * width + x) * 3 + channel])
          // Seven roundings (two weights, two blends of two operations, one subtraction) of values up to 255.
          #expect(abs(actual - expected) <= 7 * Double(Float(255).ulp))
        }
      }
    }
  }

  @Test func sameSizeKeepsEverySample() {
    let image = Self.picture(width: 17, height: 9)
    #expect(Self.resized(image, width: 17, height: 9) == image.pixels.map(Float.init))
  }

  @Test func mirroredIsTheFlipOfTheResizedPicture() {
    let image = Self.picture(width: 23, height: 14)
    let plain = Self.resized(image, width: 10, height: 6, mean: (1, 2, 3))
    let mirrored = Self.resized(image, width: 10, height: 6, mean: (1, 2, 3), mirrored: true)
    for y in 0..<6 {
      for x in 0..<10 {
        let (here, there) = ((y * 10 + x) * 3, (y * 10 + 9 - x) * 3)
        #expect(mirrored[here..<here + 3] == plain[there..<there + 3])
      }
    }
  }

  @Test func aConstantPictureStaysConstant() {
    let image = Image(width: 41, height: 29, pixels: Array(repeating: [10, 200, 77], count: 41 * 29).flatMap { $0 })
    let result = Self.resized(image, width: 30, height: 30, mean: (10, 100, 7))
    #expect(result == Array(repeating: [0, 100, 70], count: 900).flatMap { $0 })
  }
}
