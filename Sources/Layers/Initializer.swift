import Randomness
import Tensors

/// The distribution of initial convolution kernels. Biases start at 0.
package enum Initializer: String, Sendable, CaseIterable {
  /// Uniform within ± sqrt(6 / (fan in + fan out)). Glorot and Bengio 2010.
  case xavier
  /// Uniform with the variance that keeps the spread of activations through ReLUs, for networks trained from nothing (He et al.
  /// 2015), and every filter with mean 0, so that it passes over what all its inputs have in common: without that, and without
  /// batch normalisation, the deep maps of different images hardly differ.
  case he
  /// Normal with standard deviation 0.03, for networks with batch normalisation, as MobileNet's authors and torchvision's SSDLite begin.
  case normal

  /// E[x²] / Var[x] of a rectified normal variable: what a filter of mean 0 does not see.
  private static let rectifiedSecondMoment: Float = 1 / (1 - 1 / .pi)
  /// Of ``normal``.
  private static let deviation: Float = 0.03

  /// Fills one variable. The values depend on `seed` and the variable's name only.
  ///
  /// - Parameter damping: what random kernels are divided by.
  package func initialize(_ variable: Variable, in weights: VariableArena, damping: Float = 1, seed: UInt64) {
    let values = weights[variable]
    switch (variable.start, variable.layout) {
    case (.constant(let value), _): values.update(repeating: value)
    case (.random, .vector), (.randomBeforeNormalization, .vector):
      preconditionFailure("\(variable.name): only kernels start at random")
    case (.random, .kernel(let height, let width, let input, let output)),
      (.randomBeforeNormalization, .kernel(let height, let width, let input, let output)):
      let isNormalized = variable.start == .randomBeforeNormalization
      let fanIn = Float(height * width * input)
      let fanOut = Float(height * width * output)
      var random = RandomStream(seed: seed, purpose: .initialization, key: stableHash(variable.name))
      let bound =
        switch self {
        case .xavier: (6 / (fanIn + fanOut)).squareRoot()
        case .he where isNormalized: (6 / fanIn).squareRoot()
        case .he: (6 / fanIn * Self.rectifiedSecondMoment).squareRoot()
        case .normal: Float(0)
        }
      for index in values.indices {
        values[index] = (self == .normal ? Self.deviation * random.normal() : random.uniform(-bound, bound)) / damping
      }
      if self == .he, !isNormalized { center(values, filters: output) }
    }
  }
}

/// Subtracts from every filter of a [height, width, input, output] kernel its mean.
private func center(_ kernel: UnsafeMutableBufferPointer<Float>, filters: Int) {
  var sums = [Float](repeating: 0, count: filters)
  for index in kernel.indices { sums[index % filters] += kernel[index] }
  let taps = Float(kernel.count / filters)
  for index in kernel.indices { kernel[index] -= sums[index % filters] / taps }
}

/// FNV-1a: unlike `Hasher`, the same in every process.
private func stableHash(_ name: String) -> UInt64 {
  name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
}
