import Images
import Kernels
import Loading
import Randomness
import Testing

@Suite struct ResamplingTests {
  private let mean: (Float, Float, Float) = (123, 117, 104)

  private func noise(width: Int, height: Int) -> Image {
    var stream = RandomStream(seed: 7, purpose: .test, key: UInt64(width), UInt64(height))
    return Image(
      width: width, height: height, pixels: (0..<width * height * 3).map { _ in UInt8(stream.integer(below: 256)) })
  }

  private func resample(
    _ image: Image, _ view: SourceView, _ interpolation: Interpolation, width: Int, height: Int,
    kernels: Kernels = Kernels.available[0]
  ) -> [Float] {
    var output = [Float](repeating: .nan, count: width * height * 3)
    view.resample(
      image, interpolation: interpolation, to: NetworkInput(width: width, height: height, mean: mean),
      kernels: kernels, into: &output)
    return output
  }

  /// Two values of at most 255 in size, each the sum of up to 8 × 8 rounded products.
  private let tolerance: Float = 64 * 255 * 0x1p-23

  private func expectClose(_ a: [Float], _ b: [Float], sourceLocation: SourceLocation = #_sourceLocation) {
    let difference = zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
    #expect(a.count == b.count && difference <= tolerance, "differ by \(difference)", sourceLocation: sourceLocation)
  }

  /// Σ over all pixels of the infinite plane, in Double: the crop repeats its border, the rest is the mean.
  private func slowReference(
    _ image: Image, _ view: SourceView, _ interpolation: Interpolation, width: Int, height: Int
  ) -> [Float] {
    let means = [Double(mean.0), Double(mean.1), Double(mean.2)]
    func axis(_ start: Double, _ length: Double, _ count: Int, _ index: Int) -> [(pixel: Int, weight: Double)] {
      let extent = length / Double(count)
      let (first, weights) = interpolation.weights(left: start + Double(index) * extent, extent: extent)
      let bounds = (Int(start.rounded(.down)), Int((start + length).rounded(.up)) - 1)
      return weights.enumerated().map { (min(max(first + $0, bounds.0), bounds.1), $1) }
    }
    var output: [Float] = []
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          var sum = 0.0
          for (row, rowWeight) in axis(view.y, view.height, height, y) {
            for (column, columnWeight) in axis(view.x, view.width, width, x) {
              let isInside = (0..<image.height).contains(row) && (0..<image.width).contains(column)
              let value = isInside ? Double(image.pixels[(row * image.width + column) * 3 + channel]) : means[channel]
              sum += rowWeight * columnWeight * value
            }
          }
          output.append(Float(min(max(sum, 0), 255) - means[channel]))
        }
      }
    }
    return output
  }

  @Test(arguments: Interpolation.allCases)
  func `crops and views beyond the image agree with summing over the plane`(interpolation: Interpolation) {
    let image = noise(width: 19, height: 14)
    let views = [
      SourceView(x: 2.3, y: 1.7, width: 9.1, height: 11.9), SourceView(x: -20, y: -3, width: 60, height: 40),
      SourceView(x: -2.5, y: 6.25, width: 7, height: 3.3), SourceView(x: 17.2, y: 12.9, width: 5, height: 8),
      SourceView(imageWidth: 19, imageHeight: 14),
    ]
    for view in views {
      for (width, height) in [(8, 5), (27, 33)] {
        expectClose(
          resample(image, view, interpolation, width: width, height: height),
          slowReference(image, view, interpolation, width: width, height: height))
      }
    }
  }

  @Test(arguments: Interpolation.allCases)
  func `every instruction set gives the same samples`(interpolation: Interpolation) {
    let image = noise(width: 53, height: 41)
    let view = SourceView(x: -7.7, y: 3.1, width: 71.3, height: 33.3)
    let expected = resample(image, view, interpolation, width: 40, height: 29)
    for kernels in Kernels.available.dropFirst() {
      #expect(resample(image, view, interpolation, width: 40, height: 29, kernels: kernels) == expected)
    }
  }

  @Test func `a view that misses the image is all mean`() {
    let view = SourceView(x: 30, y: -50, width: 10, height: 10)
    for interpolation in Interpolation.allCases {
      #expect(
        resample(noise(width: 19, height: 14), view, interpolation, width: 6, height: 5)
          == [Float](repeating: 0, count: 90))
    }
  }

  @Test(arguments: Interpolation.allCases)
  func `every kernel keeps an image of its own size, and weights add up to one`(interpolation: Interpolation) {
    let image = noise(width: 12, height: 7)
    let expected = image.pixels.enumerated().map { Float($1) - [mean.0, mean.1, mean.2][$0 % 3] }
    expectClose(
      resample(image, SourceView(imageWidth: 12, imageHeight: 7), interpolation, width: 12, height: 7), expected)
    var stream = RandomStream(seed: 1, purpose: .test, key: 8)
    for _ in 0..<1000 {
      let left = Double(stream.uniform(-20, 20))
      let (_, weights) = interpolation.weights(left: left, extent: Double(stream.uniform(0.05, 6)))
      #expect(abs(weights.reduce(0, +) - 1) < 1e-12)
    }
  }

  @Test func `kernels have their published weights half way between pixels`() {
    #expect(Interpolation.linear.weights(left: 0.5, extent: 1).weights == [0.5, 0.5])
    // OpenCV's interpolateCubic(0.5).
    #expect(Interpolation.cubic.weights(left: 0.5, extent: 1).weights == [-0.09375, 0.59375, 0.59375, -0.09375])
    #expect(Interpolation.cubic.weights(left: 0.5, extent: 1).first == -1)
    #expect(Interpolation.area.weights(left: 1.5, extent: 2) == (first: 1, weights: [0.25, 0.5, 0.25]))
    #expect(Interpolation.nearest.weights(left: 1.25, extent: 2) == (first: 2, weights: [1]))
    // sinc(x) · sinc(x / 4) at 3½, 2½, 1½ and ½, divided by twice their sum; evaluated in Python.
    let half = [-0.012630151512143304, 0.05976409082786908, -0.16601136341074746, 0.6188774240950218]
    let lanczos = Interpolation.lanczos.weights(left: 0.5, extent: 1)
    #expect(lanczos.first == -3)
    for (weight, expected) in zip(lanczos.weights, half + half.reversed()) { #expect(abs(weight - expected) < 1e-14) }
  }

  @Test(arguments: Interpolation.allCases)
  func `a mirrored view has the columns in reverse`(interpolation: Interpolation) {
    let image = noise(width: 19, height: 14)
    var view = SourceView(x: -3.5, y: 2, width: 20, height: 9)
    let plain = resample(image, view, interpolation, width: 11, height: 6)
    view.isMirrored = true
    let mirrored = resample(image, view, interpolation, width: 11, height: 6)
    for y in 0..<6 {
      for x in 0..<11 {
        let (here, there) = ((y * 11 + x) * 3, (y * 11 + 10 - x) * 3)
        #expect(mirrored[here..<here + 3].elementsEqual(plain[there..<there + 3]))
      }
    }
  }
}
