import Glibc
import Randomness

/// How the value of an output pixel is read from the input pixels around its place.
///
/// An output pixel covers an interval of the input along each axis; pixels are squares with their centre at a half. The
/// kernels are OpenCV's. `nearest` takes the input pixel under the centre (OpenCV's the one under the left edge, which
/// shifts the image by up to half an output pixel against its boxes). Only `area` smooths before shrinking.
package enum Interpolation: CaseIterable, Sendable {
  /// Weights fall linearly over one input pixel.
  case linear
  /// Input pixels count as far as the output pixel covers them.
  case area
  /// The input pixel under the centre.
  case nearest
  /// Cubic convolution with a = −¾ over four pixels.
  case cubic
  /// Lanczos kernel over eight pixels, weights normalised.
  case lanczos

  /// Draws one of the five with equal probability.
  package init(from stream: inout RandomStream) {
    self = Self.allCases[stream.integer(below: Self.allCases.count)]
  }

  /// The weights of successive input pixels for an output pixel.
  ///
  /// - Parameters:
  ///   - left: where the output pixel starts on the input's axis.
  ///   - extent: how much of the input it covers, positive.
  /// - Returns: the index of the first input pixel, and weights that add up to 1.
  package func weights(left: Double, extent: Double) -> (first: Int, weights: [Double]) {
    let center = left + extent / 2
    // The pixel whose centre is at or before the output's centre, and how far behind it that is.
    let base = (center - 0.5).rounded(.down)
    let t = center - 0.5 - base
    switch self {
    case .linear:
      return (Int(base), [1 - t, t])
    case .area:
      let first = left.rounded(.down)
      let last = max(first, (left + extent).rounded(.up) - 1)
      return (
        Int(first),
        stride(from: first, through: last, by: 1).map { pixel in
          max(min(pixel + 1, left + extent) - max(pixel, left), 0) / extent
        }
      )
    case .nearest:
      return (Int(center.rounded(.down)), [1])
    case .cubic:
      return (Int(base) - 1, (-1...2).map { Self.cubicKernel(abs(t - Double($0))) })
    case .lanczos:
      let raw = (-3...4).map { Self.lanczosKernel(t - Double($0)) }
      let sum = raw.reduce(0, +)
      return (Int(base) - 3, raw.map { $0 / sum })
    }
  }

  /// Keys' cubic convolution kernel with a = −¾.
  private static func cubicKernel(_ x: Double) -> Double {
    let a = -0.75
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
  }

  /// sinc(x) · sinc(x / 4).
  private static func lanczosKernel(_ x: Double) -> Double {
    if abs(x) < 1e-9 { return 1 }
    return 4 * sin(.pi * x) * sin(.pi * x / 4) / (.pi * .pi * x * x)
  }
}
