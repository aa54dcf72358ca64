import Images
import Kernels
import Loading
import TestSupport
import Testing

@Suite struct PhotometricDistortionTests {
  /// RGB, HSV, and RGB again, from OpenCV 5.0.0 (`cvtColor` with `COLOR_RGB2HSV` and `COLOR_HSV2RGB`, scalar code).
  static let colours: [(rgb: [UInt8], hsv: [UInt8], back: [UInt8])] = [
    ([0, 0, 0], [0, 0, 0], [0, 0, 0]), ([255, 255, 255], [0, 0, 255], [255, 255, 255]),
    ([255, 0, 0], [0, 255, 255], [255, 0, 0]), ([0, 255, 0], [60, 255, 255], [0, 255, 0]),
    ([0, 0, 255], [120, 255, 255], [0, 0, 255]), ([255, 255, 0], [30, 255, 255], [255, 255, 0]),
    ([128, 128, 128], [0, 0, 128], [128, 128, 128]), ([1, 0, 0], [0, 255, 1], [1, 0, 0]),
    ([255, 254, 253], [15, 2, 255], [255, 254, 253]), ([10, 200, 30], [63, 242, 200], [10, 200, 29]),
    ([30, 10, 200], [123, 242, 200], [29, 10, 200]), ([200, 30, 10], [3, 242, 200], [200, 29, 10]),
    ([17, 18, 19], [105, 27, 19], [17, 18, 19]), ([250, 5, 6], [0, 250, 250], [250, 5, 5]),
    ([90, 91, 90], [60, 3, 91], [90, 91, 90]), ([3, 200, 199], [90, 251, 200], [3, 200, 200]),
    ([64, 32, 16], [10, 191, 64], [64, 32, 16]),
  ]

  @Test func `colours convert as in OpenCV`() {
    for colour in Self.colours {
      let pixel = HSVPixel(red: colour.rgb[0], green: colour.rgb[1], blue: colour.rgb[2])
      #expect([pixel.hue, pixel.saturation, pixel.value] == colour.hsv)
      let back = pixel.rgb
      #expect([back.0, back.1, back.2] == colour.back)
    }
  }

  /// From the same version of OpenCV.
  @Test(
    arguments: [
      ([180, 200, 100], [100, 22, 22]), ([197, 255, 255], [255, 145, 0]), ([185, 90, 250], [250, 176, 162]),
    ] as [([UInt8], [UInt8])])
  func `a hue beyond the scale starts again at red`(hsv: [UInt8], rgb: [UInt8]) {
    let colour = HSVPixel(hue: hsv[0], saturation: hsv[1], value: hsv[2]).rgb
    #expect([colour.0, colour.1, colour.2] == rgb)
  }

  private func distorted(_ samples: [UInt8], _ changes: PhotometricDistortion.Change...) -> [UInt8] {
    var image = Image(width: samples.count / 3, height: 1, pixels: samples)
    let whole = SourceView(imageWidth: samples.count / 3, imageHeight: 1)
    PhotometricDistortion(changes: changes).apply(to: &image, visibleIn: whole, kernels: Kernels.available[0])
    return image.pixels
  }

  @Test func `every change saturates and rounds ties to even before the next`() {
    #expect(distorted([0, 20, 240], .brightness(-32)) == [0, 0, 208])
    #expect(distorted([0, 20, 240], .brightness(20.5)) == [20, 40, 255])
    #expect(distorted([1, 3, 200], .contrast(0.5)) == [0, 2, 100])
    #expect(distorted([1, 3, 200], .contrast(1.5)) == [2, 4, 255])
    #expect(distorted([100, 200, 30], .contrast(1.5), .brightness(-32)) == [118, 223, 13])
    #expect(distorted([100, 200, 30], .brightness(-32), .contrast(1.5)) == [102, 252, 0])
  }

  @Test func `saturation and hue change one quantity`() {
    // (200, 30, 10) is (3, 242, 200): half the saturation is 121, one third of a turn is 60 steps.
    let lessSaturated = HSVPixel(hue: 3, saturation: 121, value: 200).rgb
    #expect(distorted([200, 30, 10], .saturation(0.5)) == [lessSaturated.0, lessSaturated.1, lessSaturated.2])
    let saturated = HSVPixel(hue: 3, saturation: 255, value: 200).rgb
    #expect(distorted([200, 30, 10], .saturation(1.5)) == [saturated.0, saturated.1, saturated.2])
    let turned = HSVPixel(hue: 15, saturation: 242, value: 200).rgb
    #expect(distorted([200, 30, 10], .hue(12.4)) == [turned.0, turned.1, turned.2])
    // Below red the hue saturates: it does not turn to magenta.
    #expect(distorted([255, 0, 0], .hue(-18)) == [255, 0, 0])
    #expect(distorted([9, 9, 9], .hue(18), .saturation(1.5)) == [9, 9, 9])
  }

  @Test func `only pixels that are shown are changed`() {
    let width = 6
    let samples = (0..<width * 4 * 3).map { UInt8($0 * 3) }
    let original = Image(width: width, height: 4, pixels: samples)
    let distortion = PhotometricDistortion(changes: [.contrast(0.5), .hue(9)])
    var all = original
    distortion.apply(
      to: &all, visibleIn: SourceView(imageWidth: width, imageHeight: 4), kernels: Kernels.available[0])
    var some = original
    let part = SourceView(x: 1.5, y: -3, width: 2.2, height: 4.5)
    distortion.apply(to: &some, visibleIn: part, kernels: Kernels.available[0])
    for y in 0..<4 {
      for x in 0..<width {
        let samples = (y * width + x) * 3..<(y * width + x) * 3 + 3
        let isShown = (1..<4).contains(x) && (0..<2).contains(y)
        #expect(some.pixels[samples] == (isShown ? all : original).pixels[samples])
      }
    }
  }

  /// Every red and green with every fifth blue, 3.4 million colours.
  static let allColours: [UInt8] = stride(from: UInt8(0), through: 255, by: 5).flatMap { blue in
    (UInt8(0)...255).flatMap { green in (UInt8(0)...255).flatMap { red in [red, green, blue] } }
  }

  @Test(
    arguments: Kernels.available.indices,
    [.saturation(1), .saturation(0.51), .saturation(1.37), .hue(-17.5), .hue(12.3)] as [PhotometricDistortion.Change])
  func `all kernels change every colour as pixel after pixel does`(index: Int, change: PhotometricDistortion.Change) {
    // One pixel more than whole vectors.
    var samples = Self.allColours + [1, 2, 3]
    let count = samples.count / 3
    var image = Image(width: count, height: 1, pixels: samples)
    let whole = SourceView(imageWidth: count, imageHeight: 1)
    PhotometricDistortion(changes: [change]).apply(to: &image, visibleIn: whole, kernels: Kernels.available[index])
    func byte(_ value: Float) -> UInt8 { UInt8(min(max(value.rounded(.toNearestOrEven), 0), 255)) }
    for first in stride(from: 0, to: samples.count, by: 3) {
      var pixel = HSVPixel(red: samples[first], green: samples[first + 1], blue: samples[first + 2])
      switch change {
      case .saturation(let factor): pixel.saturation = byte(Float(pixel.saturation) * factor)
      case .hue(let term): pixel.hue = byte(Float(pixel.hue) + term)
      case .brightness, .contrast: break
      }
      (samples[first], samples[first + 1], samples[first + 2]) = pixel.rgb
    }
    let isEqual = image.pixels == samples
    #expect(isEqual)
  }

  @Test(
    arguments: Kernels.available.indices,
    [.brightness(-31.5), .brightness(17.25), .contrast(0.5), .contrast(1.49)] as [PhotometricDistortion.Change])
  func `all kernels scale every sample as sample after sample does`(index: Int, change: PhotometricDistortion.Change) {
    let samples = (0..<3 * 257).map { UInt8($0 % 256) }
    var image = Image(width: 257, height: 1, pixels: samples)
    let whole = SourceView(imageWidth: 257, imageHeight: 1)
    PhotometricDistortion(changes: [change]).apply(to: &image, visibleIn: whole, kernels: Kernels.available[index])
    let expected = samples.map { sample in
      let value: Float =
        switch change {
        case .brightness(let term): Float(sample) + term
        case .contrast(let factor): Float(sample) * factor
        case .saturation, .hue: .nan
        }
      return UInt8(min(max(value.rounded(.toNearestOrEven), 0), 255))
    }
    #expect(image.pixels == expected)
  }
}
