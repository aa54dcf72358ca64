import Randomness
import Tensors

/// The distribution of initial convolution kernels. Biases start at 0, normalisation scales at 20.
public enum Initializer: String, Sendable, CaseIterable {
  /// Uniform within ± sqrt(6 / (fan in + fan out)). Glorot and Bengio 2010.
  case xavier
  /// Uniform within ± sqrt(6 / fan in): keeps the variance through ReLUs, for networks trained from nothing. He et al. 2015.
  case he

  private static let initialScale: Float = 20

  /// Fills one parameter. The values depend on `seed` and the parameter's name only.
  ///
  /// - Parameter inputScale: the spread of the layer's input, where it is far from 1; ``he`` divides by it, so that what
  ///   follows has a spread of 1.
  public func initialize(_ parameter: Parameter, in weights: ParameterArena, inputScale: Float = 1, seed: UInt64) {
    let values = weights[parameter]
    switch (parameter.role, parameter.layout) {
    case (.bias, _): values.update(repeating: 0)
    case (.scale, _): values.update(repeating: Self.initialScale)
    case (.weight, .vector): preconditionFailure("\(parameter.name): a weight is a kernel")
    case (.weight, .kernel(let height, let width, let input, let output)):
      let fanIn = Float(height * width * input)
      let fanOut = Float(height * width * output)
      let bound =
        switch self {
        case .xavier: (6 / (fanIn + fanOut)).squareRoot()
        case .he: (6 / fanIn).squareRoot() / inputScale
        }
      var random = RandomStream(seed: seed, purpose: .initialization, key: stableHash(parameter.name))
      for index in values.indices { values[index] = random.uniform(-bound, bound) }
    }
  }
}

/// FNV-1a: unlike `Hasher`, the same in every process.
private func stableHash(_ name: String) -> UInt64 {
  name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
}
