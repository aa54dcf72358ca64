import Kernels
import Tensors

/// Normalises every channel of what a convolution has computed, and applies an activation:
///
///     μ = Σ z / n        v = Σ (z − μ)² / n        y = f(γ · (z − μ) / √(v + ε) + β)
///
/// over the n = batch · height · width values of a channel in one micro-batch; in evaluation with running averages of μ and v · n / (n − 1)
/// in place of μ and v. Each micro-batch leaves its own in place of a gradient of the averages, which the optimizer moves towards their mean
/// over the micro-batches of an iteration: the same numbers on any number of ranks.
///
///     g = dy · f′        dβ = Σ g        dγ = Σ g · x̂        dz = γ / √(v + ε) · (g − dβ / n − x̂ · dγ / n)        x̂ = (z − μ) / √(v + ε)
///
/// It is not a layer but a part of the convolution in front: the moments are taken while z is written, y is computed where it is read, and dz
/// where dy is.
///
/// ### Source
/// Ioffe and Szegedy, *Batch Normalization*, 2015; running averages as PyTorch's `BatchNorm2d`.
package struct BatchNormalization: Sendable {
  /// γ.
  package let scale: Variable
  /// β.
  package let shift: Variable
  /// Of μ.
  package let runningMean: Variable
  /// Of v · n / (n − 1).
  package let runningVariance: Variable
  /// ε.
  package let epsilon: Float
  /// f.
  package let activation: Activation

  /// What a normalisation is made with.
  package struct Settings: Sendable, Equatable {
    /// ε.
    package var epsilon: Float
    /// The share of an iteration's mean in the running average.
    package var momentum: Float
    /// Whether γ, β and the averages keep their values, and the averages serve in training too.
    package var isFrozen = false
    /// Whether weight decay acts on γ and β.
    package var decays = false

    /// PyTorch's, by default.
    package init(epsilon: Float = 1e-5, momentum: Float = 0.1) {
      self.epsilon = epsilon
      self.momentum = momentum
    }
  }

  /// Declares the variables, `<name>.weight`, `.bias`, `.running_mean` and `.running_var`.
  package init(
    variableName name: String, channels: Int, _ settings: Settings, activation: Activation,
    layout: inout VariableLayout
  ) {
    let learned: Variable.Update =
      settings.isFrozen ? .frozen : .descent(decays: settings.decays, rateMultiplier: 1)
    let average = Variable.Update.average(momentum: settings.isFrozen ? 0 : settings.momentum)
    scale = layout.add(name + ".weight", .vector(count: channels), start: .constant(1), update: learned)
    shift = layout.add(name + ".bias", .vector(count: channels), start: .constant(0), update: learned)
    runningMean = layout.add(name + ".running_mean", .vector(count: channels), start: .constant(0), update: average)
    runningVariance = layout.add(name + ".running_var", .vector(count: channels), start: .constant(1), update: average)
    epsilon = settings.epsilon
    self.activation = activation
  }

  /// All variables.
  var variables: [Variable] { [scale, shift, runningMean, runningVariance] }

  private var channels: Int { scale.range.count }
  private var isFrozen: Bool { scale.update == .frozen }

  // MARK: The state of a pass

  /// Floats that a pass leaves for readers and for backward.
  private var stateCount: Int { Part.allCases.count * channels + Self.flagCount }
  /// Bytes of them.
  var stateBytes: Int { stateCount * MemoryLayout<Float>.stride }

  /// What lies in the state, by channel.
  private enum Part: Int, CaseIterable {
    /// y = f(factor · z + summand).
    case factor, summand
    /// μ and v.
    case mean, variance
    /// v · n / (n − 1).
    case unbiasedVariance
    /// dz = factor · dy · f′ + slope · z + term.
    case slope, term
    /// Σ g and Σ g · (z − μ).
    case sum, product
  }

  /// Floats behind the parts; the first tells whether the sums are known.
  private static let flagCount = 16

  private func areSumsKnown(_ state: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
    state + Part.allCases.count * channels
  }

  private func at(_ part: Part, _ state: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
    state + part.rawValue * channels
  }

  /// What readers do with z.
  func reading(_ state: UnsafeMutablePointer<Float>) -> Normalization {
    Normalization(scale: at(.factor, state), shift: at(.summand, state), activation: activation.function)
  }

  /// What readers do with z, and what they may tell of its gradient.
  func pending(_ state: UnsafeMutablePointer<Float>) -> PendingNormalization {
    PendingNormalization(
      reading: reading(state),
      gradientSums: isFrozen
        ? nil : GradientSums(mean: at(.mean, state), sums: at(.sum, state), areKnown: areSumsKnown(state)))
  }

  /// Whether the moments of z are wanted.
  func takesMoments(_ mode: Mode) -> Bool { mode == .training && !isFrozen }

  /// Before z is computed. In evaluation all is done when z is written, and readers have nothing to do.
  ///
  /// - Parameter bias: of the convolution.
  /// - Returns: what becomes of the sums of the convolution.
  func prepare(
    _ mode: Mode, _ weights: VariableArena, bias: UnsafePointer<Float>?, state: UnsafeMutablePointer<Float>
  ) -> Normalization {
    areSumsKnown(state).pointee = 0
    if takesMoments(mode) { return Normalization(shift: bias) }
    let (mean, variance) = (weights[runningMean], weights[runningVariance])
    (at(.mean, state)).update(from: mean.baseAddress!, count: channels)
    (at(.variance, state)).update(from: variance.baseAddress!, count: channels)
    setFactors(weights, state)
    if mode == .training { return Normalization(shift: bias) }
    if let bias {
      for channel in 0..<channels { at(.summand, state)[channel] += at(.factor, state)[channel] * bias[channel] }
    }
    return reading(state)
  }

  /// What evaluation does with the sums of the convolution, without its bias, by channel: y = f(factor · sum + summand).
  package func evaluationFactors(
    _ weights: VariableArena, bias: Variable?
  ) -> (factors: [Float], summands: [Float]) {
    var state = [Float](repeating: 0, count: stateCount)
    return state.withUnsafeMutableBufferPointer { buffer in
      let state = buffer.baseAddress!
      _ = prepare(.evaluation, weights, bias: bias.map { UnsafePointer(weights[$0].baseAddress!) }, state: state)
      func values(_ part: Part) -> [Float] { Array(UnsafeBufferPointer(start: at(part, state), count: channels)) }
      return (values(.factor), values(.summand))
    }
  }

  /// After z is computed in parts.
  func observe(
    _ moments: UnsafePointer<Float>, counts: [Int], _ weights: VariableArena, state: UnsafeMutablePointer<Float>,
    kernels: Kernels
  ) {
    kernels.mergeMoments(
      moments, counts: counts, channels: channels, mean: at(.mean, state), variance: at(.variance, state))
    let count = Double(counts.reduce(0, +))
    for channel in 0..<channels {
      at(.unbiasedVariance, state)[channel] = Float(Double(at(.variance, state)[channel]) * (count / (count - 1)))
    }
    setFactors(weights, state)
  }

  private func setFactors(_ weights: VariableArena, _ state: UnsafeMutablePointer<Float>) {
    let (scale, shift) = (weights[scale], weights[shift])
    for channel in 0..<channels {
      let factor = scale[channel] / (at(.variance, state)[channel] + epsilon).squareRoot()
      at(.factor, state)[channel] = factor
      at(.summand, state)[channel] = shift[channel] - at(.mean, state)[channel] * factor
    }
  }

  /// Writes μ and v · n / (n − 1) to where gradients go.
  func leaveAverages(_ state: UnsafeMutablePointer<Float>, in gradients: VariableArena) {
    guard !isFrozen else { return }
    gradients[runningMean].baseAddress!.update(from: at(.mean, state), count: channels)
    gradients[runningVariance].baseAddress!.update(from: at(.unbiasedVariance, state), count: channels)
  }

  // MARK: Backward

  /// Rows of a chunk: rounding errors of its sums grow with them, and threads share the chunks.
  private func rowsPerChunk(_ pixels: Int) -> Int { max(64, min(2048, (pixels + 15) / 16)) }
  private func chunks(_ pixels: Int) -> Int { (pixels + rowsPerChunk(pixels) - 1) / rowsPerChunk(pixels) }

  /// Floats of scratch that ``gradient(of:_:state:)`` wants for all threads.
  func scratchCount(pixels: Int) -> Int { isFrozen ? 0 : chunks(pixels) * 2 * channels }

  /// Sets the gradients of γ and β from that of y.
  ///
  /// - Returns: how the gradient of z follows from that of y.
  func gradient(
    of z: Tensor, _ pass: BackwardPass, state: UnsafeMutablePointer<Float>
  ) -> NormalizationGradient {
    let result = NormalizationGradient(
      scale: at(.factor, state), shift: at(.summand, state), slope: at(.slope, state), term: at(.term, state),
      activation: activation.function)
    if isFrozen {
      at(.slope, state).update(repeating: 0, count: 2 * channels)
      return result
    }
    if areSumsKnown(state).pointee == 0 { takeSums(z, pass, state) }
    setGradients(pixels: z.shape.pixels, pass, state)
    return result
  }

  /// One pass over z and the gradient of y.
  private func takeSums(_ z: Tensor, _ pass: BackwardPass, _ state: UnsafeMutablePointer<Float>) {
    let (pixels, context) = (z.shape.pixels, pass.context)
    let (parts, rowsPerChunk) = (context.scratch, rowsPerChunk(pixels))
    context.pool.forEachRange(pixels, grain: rowsPerChunk) { rows, _ in
      context.kernels.maps(z.shape.precision).normalizationGradientSums(
        rows: rows.count, channels: channels, z.at(rows.lowerBound * channels), reading(state),
        mean: at(.mean, state), outputGradient: pass.outputGradient.at(rows.lowerBound * channels),
        into: parts + rows.lowerBound / rowsPerChunk * 2 * channels)
    }
    sumParts(
      parts, parts: chunks(pixels), into: UnsafeMutableBufferPointer(start: at(.sum, state), count: 2 * channels),
      context: context)
  }

  private func setGradients(pixels: Int, _ pass: BackwardPass, _ state: UnsafeMutablePointer<Float>) {
    let (scaleGradient, shiftGradient) = (pass.gradients[scale], pass.gradients[shift])
    let count = Double(pixels)
    for channel in 0..<channels {
      let (mean, variance) = (Double(at(.mean, state)[channel]), Double(at(.variance, state)[channel]))
      let factor = Double(at(.factor, state)[channel])
      let inverse = 1 / (variance + Double(epsilon)).squareRoot()
      let (sum, product) = (Double(at(.sum, state)[channel]), Double(at(.product, state)[channel]))
      shiftGradient[channel] = Float(sum)
      scaleGradient[channel] = Float(product * inverse)
      let slope = -factor * inverse * inverse * product / count
      at(.slope, state)[channel] = Float(slope)
      at(.term, state)[channel] = Float(-factor * sum / count - slope * mean)
    }
  }
}
