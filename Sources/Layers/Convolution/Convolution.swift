import Kernels
import Tensors

/// A two-dimensional convolution with, optionally, a bias and a fused activation, or a batch normalisation.
///
///     y[b, i, j, o] = f( bias[o] + Σ_{u, v, c} x[b, i·s − p + u·d, j·s − p + v·d, c] · w[u, v, c, o] )
///
/// with stride s, padding p before the map, dilation d, zeros outside the map, and f an ``Activation`` or a ``BatchNormalization``. How the
/// passes are computed is up to a ``ConvolutionAlgorithm``. Pointwise convolutions read maps that are still to be normalised.
///
/// ### Shapes
/// x: [batch, height, width, inputChannels], in whose precision products are computed; w: [k, k, inputChannels, outputChannels] in memory.
package struct Convolution: Layer {
  /// See ``Layer/name``.
  package let name: String
  /// The kernel.
  package let weight: Variable
  /// One value for each output channel; nil for none.
  package let bias: Variable?
  /// Rows and columns of the kernel.
  package let kernel: Int
  /// Input pixels between neighbouring outputs.
  package let stride: Int
  /// Zeros around the map.
  package let padding: Padding
  /// Input pixels between neighbouring taps.
  package let dilation: Int
  /// Channels of x.
  package let inputChannels: Int
  /// Channels of y.
  package let outputChannels: Int
  /// f, if it is no normalisation.
  package let activation: Activation
  /// What follows, if anything.
  let normalization: NormalizedOutput?
  /// Which algorithm computes the passes.
  package var method: ConvolutionMethod
  /// Whether y is a result of the network, which is float32 whatever the precision of x.
  private let isResult: Bool

  /// Declares the layer and its variables, `<variableName>.weight` and `<variableName>.bias`.
  ///
  /// - Parameters:
  ///   - hasBias: whether there is a bias.
  ///   - biasRateMultiplier: factor on the learning rate of the bias, which does not decay.
  ///   - isResult: whether the output is float32 whatever the precision of the input, in which products are computed.
  package init(
    _ name: String, variableName: String, kernel: Int, stride: Int = 1, padding: Padding = 0,
    dilation: Int = 1, from inputChannels: Int, to outputChannels: Int, activation: Activation, hasBias: Bool = true,
    normalization: NormalizationPlace? = nil, biasRateMultiplier: Float = 1, method: ConvolutionMethod = .fastest,
    isResult: Bool = false, layout: inout VariableLayout
  ) {
    precondition(
      min(kernel, stride, dilation, inputChannels, outputChannels) > 0,
      "\(name): kernel \(kernel), stride \(stride), dilation \(dilation), \(inputChannels) → \(outputChannels)")
    if case .symmetric(let count) = padding {
      precondition((0...dilation * (kernel - 1)).contains(count), "\(name): padding \(count)")
    }
    self.name = name
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.activation = activation
    self.method = method
    self.isResult = isResult
    weight = layout.add(
      variableName + ".weight", .kernel(height: kernel, width: kernel, input: inputChannels, output: outputChannels),
      start: normalization == nil ? .random : .randomBeforeNormalization, update: .weight)
    bias =
      hasBias
      ? layout.add(
        variableName + ".bias", .vector(count: outputChannels), start: .constant(0),
        update: .bias(rateMultiplier: biasRateMultiplier)) : nil
    self.normalization = normalization.map {
      $0.output(channels: outputChannels, activation: activation, layout: &layout)
    }
  }

  /// The kernel, the bias and those of the normalisation.
  package var variables: [Variable] {
    [weight] + (bias.map { [$0] } ?? []) + (normalization?.normalization.variables ?? [])
  }

  /// The normalisation behind, if there is one.
  package var batchNormalization: BatchNormalization? { normalization?.normalization }

  /// See ``Layer/outputShape(for:)``.
  package func outputShape(for inputs: [Shape]) -> Shape {
    let input = inputs[0]
    precondition(input.channels == inputChannels, "\(name) takes \(inputChannels) channels, got \(input)")
    let extent = dilation * (kernel - 1) + 1
    let height = padding.windows(input.height, extent: extent, stride: stride)
    let width = padding.windows(input.width, extent: extent, stride: stride)
    precondition(min(height, width) > 0, "\(name): \(input) is too small")
    return Shape(
      batch: input.batch, height: height, width: width, channels: outputChannels,
      precision: isResult ? .float32 : input.precision)
  }

  /// Zeros above and to the left of a map.
  package func paddingBefore(_ input: Shape) -> (y: Int, x: Int) {
    func before(_ size: Int) -> Int {
      padding.around(size, extent: dilation * (kernel - 1) + 1, stride: stride).before
    }
    return (before(input.height), before(input.width))
  }

  /// The weight gradient needs x, and y, or z, tells where the activation is flat.
  package func demand(for inputs: [Shape], _ mode: Mode) -> Demand {
    let output = outputShape(for: inputs)
    var demand = normalization?.demand(output) ?? Demand(keepsOutput: !activation.isIdentity)
    demand.multiplyAdds = output.count * taps * inputChannels
    demand.keepsInputs = true
    // Whether there are tiles is not known here.
    demand.scratch = [true, false].map { algorithm(for: inputs[0], hasTiles: $0).scratch(training: mode == .training) }
      .reduce(ScratchSize()) { $0.union($1) }
    if let normalization, mode == .training {
      demand.scratch = demand.scratch.union(
        ScratchSize(commonFloats: normalization.normalization.scratchCount(pixels: output.pixels)))
    }
    return demand
  }

  /// See ``Layer/pending(state:input:_:)``.
  package func pending(
    state: UnsafeMutableRawPointer, input: PendingNormalization?, _ mode: Mode
  ) -> PendingNormalization? {
    normalization?.pending(state: state, mode)
  }

  /// See ``Layer/leaveAverages(state:in:)``.
  package func leaveAverages(state: UnsafeMutableRawPointer, in gradients: VariableArena) {
    normalization?.leaveAverages(state: state, in: gradients)
  }

  /// See ``Layer/forward(_:)``.
  package func forward(_ pass: ForwardPass) {
    algorithm(for: pass.inputs[0].tensor.shape, hasTiles: pass.context.kernels.tiles != nil).forward(pass)
  }

  /// See ``Layer/backward(_:)``.
  package func backward(_ pass: BackwardPass) { algorithm(pass).backward(pass) }

  /// The first half of backward: sets the gradients of the variables, and replaces the output gradient.
  package func weightGradient(_ pass: BackwardPass) { algorithm(pass).weightGradient(pass) }

  /// The second half: sets the input gradient, or adds to it.
  ///
  /// - Precondition: the pass has an input gradient.
  package func inputGradient(_ pass: BackwardPass) { algorithm(pass).inputGradient(pass, into: pass.inputGradient!) }

  private func algorithm(_ pass: BackwardPass) -> any ConvolutionAlgorithm {
    algorithm(for: pass.forward.inputs[0].tensor.shape, hasTiles: pass.context.kernels.tiles != nil)
  }

  /// What the passes multiply for a map of this shape.
  package func work(for input: Shape, hasTiles: Bool) -> ConvolutionWork {
    algorithm(for: input, hasTiles: hasTiles).work
  }

  /// What computes the passes for a map of this shape.
  private func algorithm(for input: Shape, hasTiles: Bool) -> any ConvolutionAlgorithm {
    switch usedMethod(for: input, hasTiles: hasTiles) {
    case .columns: ColumnConvolution(layer: self, input: input)
    case .tiles: TileConvolution(layer: self, input: input)
    case let method: BlockedConvolution(layer: self, input: input, usesWinograd: method == .winograd)
    }
  }

  /// Whether forward can write the maxima of a pooling's windows in place of the map: those of 2×2 pixels, which tiles of 4×4 consist of.
  package func pools(_ input: Shape, by pooling: MaxPooling, hasTiles: Bool) -> Bool {
    usedMethod(for: input, hasTiles: hasTiles) == .winograd && dilation == 1 && !isResult && pooling.kernel == 2
      && pooling.stride == 2 && pooling.padding == 0
      && WinogradTransform(self, .four, input: input, word: .float32).hasFullTiles
  }

  /// Where the derivative of the activation is read from; nil where it is 1 everywhere.
  func mask(_ pass: BackwardPass) -> Tensor? {
    activation.isIdentity ? nil : pass.output
  }

  /// How the gradient of the sums follows from that of the output; sets the gradients of the normalisation.
  func outputSlope(_ pass: BackwardPass) -> OutputSlope {
    if let maxima = pass.forward.pooling?.maxima { return .maxima(maxima) }
    guard let (z, gradient) = normalization?.gradient(pass) else { return .activation(activation, output: mask(pass)) }
    return .normalization(gradient, z: z)
  }

  /// The method that computes the passes for a map of this shape; never ``ConvolutionMethod/fastest``.
  package func usedMethod(for input: Shape, hasTiles: Bool) -> ConvolutionMethod {
    let hasWinograd = kernel == WinogradTransform.taps && stride == 1
    let hasTiles = hasTiles && TileConvolution.isDefined(layer: self, input: input)
    switch method {
    case _ where normalization != nil: return .blockedColumns
    case .columns, .blockedColumns: return method
    case .winograd: return hasWinograd ? .winograd : .blockedColumns
    case .tiles: return hasTiles ? .tiles : .blockedColumns
    case .fastest:
      if hasTiles, TileConvolution.isFaster(layer: self, input: input) { return .tiles }
      return hasWinograd && BlockedConvolution.isWinogradFaster(layer: self, input: input) ? .winograd : .blockedColumns
    }
  }

  var taps: Int { kernel * kernel }

  /// Whether the column matrix is the map itself.
  var isPointwise: Bool { kernel == 1 && stride == 1 && padding == 0 }
}
