/// A pixel as 8-bit hue, saturation and value, by the rules of OpenCV's `COLOR_RGB2HSV` and `COLOR_HSV2RGB`.
///
/// Hue counts steps of 2°, 0 … 179; saturation and value are 0 … 255. A hue that was increased beyond 179 is read modulo
/// 180 on the way back; one that was decreased has saturated at 0, because the sum is stored in 8 bits without sign.
package struct HSVPixel: Equatable {
  package var hue: UInt8
  package var saturation: UInt8
  package var value: UInt8

  package init(hue: UInt8, saturation: UInt8, value: UInt8) {
    self.hue = hue
    self.saturation = saturation
    self.value = value
  }

  /// Converts with 12-bit fixed-point reciprocals, as OpenCV does.
  package init(red: UInt8, green: UInt8, blue: UInt8) {
    let (r, g, b) = (Int32(red), Int32(green), Int32(blue))
    let maximum = max(r, g, b)
    let difference = maximum - min(r, g, b)
    let sixths =
      if maximum == r { g - b } else if maximum == g { b - r + 2 * difference } else { r - g + 4 * difference }
    let half: Int32 = 1 << 11
    let turned = (sixths &* Self.hueReciprocals[Int(difference)] &+ half) >> 12
    hue = UInt8(turned < 0 ? turned + 180 : turned)
    saturation = UInt8((difference &* Self.saturationReciprocals[Int(maximum)] &+ half) >> 12)
    value = UInt8(maximum)
  }

  /// The colour; samples are rounded to nearest, ties to even.
  package var rgb: (UInt8, UInt8, UInt8) {
    if saturation == 0 { return (value, value, value) }
    var position = Float(hue) * (6 / 180)
    if position >= 6 { position -= 6 }
    let sector = Int(position)
    let fraction = position - Float(sector)
    let s = Float(saturation) * (1 / 255)
    let v = Float(value) * (1 / 255)
    let low = Self.sample(v * (1 - s))
    let falling = Self.sample(v * (1 - s * fraction))
    let rising = Self.sample(v * (1 - s * (1 - fraction)))
    return switch sector {
    case 0: (value, rising, low)
    case 1: (falling, value, low)
    case 2: (low, value, rising)
    case 3: (low, falling, value)
    case 4: (rising, low, value)
    default: (value, low, falling)
    }
  }

  /// - Parameter fraction: 0 … 1.
  private static func sample(_ fraction: Float) -> UInt8 {
    UInt8((fraction * 255).rounded(.toNearestOrEven))
  }

  /// 2¹² · 255 / i, rounded; 0 for i = 0.
  private static let saturationReciprocals = reciprocals(of: 255)
  /// 2¹² · 180 / 6i, rounded; 0 for i = 0.
  private static let hueReciprocals = reciprocals(of: 30)

  private static func reciprocals(of numerator: Double) -> [Int32] {
    [0] + (1..<256).map { Int32((numerator * 4096 / Double($0)).rounded(.toNearestOrEven)) }
  }
}
