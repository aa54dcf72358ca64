import Glibc
import Randomness

/// How the value of an output pixel is read from the input pixels around its place.
///
/// An output pixel covers an interval of the input along each axis; pixels are squares with their centre at a half. The
/// kernels are OpenCV's. `nearest` takes the input pixel under the centre (OpenCV's the one under the left edge, which
/// shifts the picture by up to half an output pixel against its boxes). Only `area` smooths before shrinking.
public enum Interpolation: CaseIterable, Sendable {
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
  public init(from stream: inout RandomStream) {
    self = Self.allCases[stream.integer(below: Self.allCases.count)]
  }

  /// Whether results may leave the range of the inputs.
  var overshoots: Bool { self == .cubic || self == .lanczos }

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

/// The weights of one axis of a resampling: which input pixels make up each output pixel.
struct AxisWeights {
  /// Output i uses the inputs firstInput[i] ... with the weights weights[offset[i] ..< offset[i + 1]].
  private(set) var firstInput: [Int] = []
  private(set) var offset: [Int] = [0]
  private(set) var weights: [Float] = []

  /// - Parameters:
  ///   - start: where the view starts on the input's axis.
  ///   - length: how much of the axis it shows. Pixels beyond its ends repeat the last ones within.
  ///   - inputCount: the pixels that exist; weights of others are left out, which makes them count as 0.
  ///   - outputCount: the number of output pixels.
  ///   - reversed: whether output 0 is the last of the view.
  init(
    start: Double, length: Double, inputCount: Int, outputCount: Int, interpolation: Interpolation, reversed: Bool
  ) {
    let extent = length / Double(outputCount)
    let lowest = Int(start.rounded(.down))
    let highest = max(lowest, Int((start + length).rounded(.up)) - 1)
    for output in 0..<outputCount {
      let place = reversed ? outputCount - 1 - output : output
      let (first, all) = interpolation.weights(left: start + Double(place) * extent, extent: extent)
      var latest: Int?
      firstInput.append(0)
      for (input, weight) in zip(first..., all) {
        let input = min(max(input, lowest), highest)
        guard (0..<inputCount).contains(input) else { continue }
        if input == latest {
          weights[weights.count - 1] += Float(weight)
        } else {
          if latest == nil { firstInput[output] = input }
          weights.append(Float(weight))
          latest = input
        }
      }
      offset.append(weights.count)
    }
  }
}

/// The pixels of an axis with `count` pixels that an interval of it touches.
func pixelRange(from start: Double, length: Double, count: Int) -> Range<Int> {
  let first = Int(start.rounded(.down))
  return (first..<max(first, Int((start + length).rounded(.up)))).clamped(to: 0..<count)
}
