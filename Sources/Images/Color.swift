import Glibc

/// An RGB colour with opacity, each component in 0...1.
package struct Color: Sendable, Equatable {
  /// Red, green, blue, and opacity (1 hides what is below).
  package var red, green, blue, alpha: Double

  /// Mixes a colour from its components in 0...1.
  package init(red: Double, green: Double, blue: Double, alpha: Double = 1) {
    (self.red, self.green, self.blue, self.alpha) = (red, green, blue, alpha)
  }

  /// The colour of a hexadecimal number such as `0xFF8000`.
  package init(hex: UInt32) {
    self.init(
      red: Double(hex >> 16 & 0xFF) / 255, green: Double(hex >> 8 & 0xFF) / 255, blue: Double(hex & 0xFF) / 255)
  }

  /// A colour by hue (a full turn of the colour circle is 1, red is 0), saturation and brightness in 0...1.
  package init(hue: Double, saturation: Double, brightness: Double) {
    func component(_ offset: Double) -> Double {
      let position = (offset + (hue - hue.rounded(.down)) * 6).truncatingRemainder(dividingBy: 6)
      return brightness * (1 - saturation * max(0, min(position, 4 - position, 1)))
    }
    self.init(red: component(5), green: component(3), blue: component(1))
  }

  /// Opaque black.
  package static let black = Color(red: 0, green: 0, blue: 0)
  /// Opaque white.
  package static let white = Color(red: 1, green: 1, blue: 1)

  /// The same colour at another opacity.
  package func withAlpha(_ alpha: Double) -> Color {
    Color(red: red, green: green, blue: blue, alpha: alpha)
  }

  /// Relative luminance, 0 (black) to 1 (white) (WCAG 2.1).
  package var luminance: Double {
    func linear(_ component: Double) -> Double {
      component <= 0.04045 ? component / 12.92 : pow((component + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  }

  /// Black or white, whichever is easier to read on this colour.
  package var contrast: Color {
    // Both have the same contrast where (1.05 / (L + 0.05)) = ((L + 0.05) / 0.05) (WCAG 2.1).
    luminance > (1.05 * 0.05).squareRoot() - 0.05 ? .black : .white
  }
}
