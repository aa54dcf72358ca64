import Images
import Kernels
import Loading
import Testing

/// What the network sees of an image, against a plain Double implementation of the definition.
struct NetworkInputTests {
  /// An image without any symmetry.
  static func picture(width: Int, height: Int) -> Image {
    let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
    return Image(width: width, height: height, pixels: pixels)
  }

  static func resized(_ image: Image, width: Int, height: Int, mean: (Float, Float, Float) = (0, 0, 0)) -> [Float] {
    var sample = [Float](repeating: .nan, count: width * height * 3)
    NetworkInput(width: width, height: height, mean: mean).sample(image, kernels: Kernels.available[0], into: &sample)
    return sample
  }

  /// The value at a fractional position: the tent-weighted sum over all pixels, positions clamped to the image.
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
          // Two weights, and along each axis three operations, are rounded; values are up to 255.
          #expect(abs(actual - expected) <= 8 * Double(Float(255).ulp))
        }
      }
    }
  }

  @Test func sameSizeKeepsEverySample() {
    let image = Self.picture(width: 17, height: 9)
    #expect(Self.resized(image, width: 17, height: 9) == image.pixels.map(Float.init))
  }

  @Test func aConstantPictureStaysConstant() {
    let image = Image(width: 41, height: 29, pixels: Array(repeating: [10, 200, 77], count: 41 * 29).flatMap { $0 })
    let result = Self.resized(image, width: 30, height: 30, mean: (10, 100, 7))
    let expected = Array(repeating: [0, 100, 70] as [Float], count: 900).flatMap { $0 }
    // The two weights of an axis add up to 1 but for their rounding.
    #expect(zip(result, expected).allSatisfy { abs($0 - $1) <= 4 * Float(100).ulp })
  }
}
