import Kernels
import Tensors

/// A two-dimensional convolution with, optionally, a bias and a fused activation.
///
///     y[b, i, j, o] = f( bias[o] + Σ_{u, v, c} x[b, i·s − p + u·d, j·s − p + v·d, c] · w[u, v, c, o] )
///
/// with stride s, padding p, dilation d, zeros outside the map, and f an ``Activation``. How the passes are computed is up to a
/// ``ConvolutionAlgorithm``.
///
/// ### Shapes
/// x: [batch, height, width, inputChannels]; w: [k, k, inputChannels, outputChannels] in memory.
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
  /// Zeros around the map on every side.
  package let padding: Int
  /// Input pixels between neighbouring taps.
  package let dilation: Int
  /// Channels of x.
  package let inputChannels: Int
  /// Channels of y.
  package let outputChannels: Int
  /// f.
  package let activation: Activation
  /// Which algorithm computes the passes.
  package var method: ConvolutionMethod
  /// What products multiply, where that is faster; ``ConvolutionMethod/columns`` multiplies float32.
  package var precision: Precision

  /// Declares the layer and its variables, `<variableName>.weight` and `<variableName>.bias`.
  ///
  /// - Parameters:
  ///   - hasBias: whether there is a bias.
  ///   - biasRateMultiplier: factor on the learning rate of the bias, which does not decay.
  package init(
    _ name: String, variableName: String, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    from inputChannels: Int, to outputChannels: Int, activation: Activation, hasBias: Bool = true,
    biasRateMultiplier: Float = 1, method: ConvolutionMethod = .fastest, precision: Precision = .float32,
    layout: inout VariableLayout
  ) {
    precondition(
      min(kernel, stride, dilation, inputChannels, outputChannels) > 0 && padding >= 0
        && padding <= dilation * (kernel - 1),
      "\(name): kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation), \(inputChannels) → \(outputChannels)"
    )
    self.name = name
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.activation = activation
    self.method = method
    self.precision = precision
    weight = layout.add(
      variableName + ".weight", .kernel(height: kernel, width: kernel, input: inputChannels, output: outputChannels),
      start: .random, update: .weight)
    bias =
      hasBias
      ? layout.add(
        variableName + ".bias", .vector(count: outputChannels), start: .constant(0),
        update: .bias(rateMultiplier: biasRateMultiplier)) : nil
  }

  /// The kernel and the bias.
  package var variables: [Variable] { [weight] + (bias.map { [$0] } ?? []) }

  /// See ``Layer/outputShape(for:)``.
  package func outputShape(for inputs: [Shape]) -> Shape {
    let input = inputs[0]
    precondition(input.channels == inputChannels, "\(name) takes \(inputChannels) channels, got \(input)")
    let extent = dilation * (kernel - 1) + 1
    let height = (input.height + 2 * padding - extent) / stride + 1
    let width = (input.width + 2 * padding - extent) / stride + 1
    precondition(
      input.height + 2 * padding >= extent && input.width + 2 * padding >= extent, "\(name): \(input) is too small")
    return Shape(batch: input.batch, height: height, width: width, channels: outputChannels)
  }

  /// The weight gradient needs x, and y tells where the activation is flat.
  package func demand(for inputs: [Shape], _ mode: Mode) -> Demand {
    Demand(
      multiplyAdds: outputShape(for: inputs).count * taps * inputChannels,
      scratch: algorithm(for: inputs[0]).scratch(training: mode == .training), keepsInputs: true,
      keepsOutput: !activation.isIdentity)
  }

  /// See ``Layer/forward(_:)``.
  package func forward(_ pass: ForwardPass) { algorithm(for: pass.input.shape).forward(pass) }

  /// See ``Layer/backward(_:)``. The output gradient is masked by the activation in place.
  package func backward(_ pass: BackwardPass) {
    weightGradient(pass)
    if pass.inputGradient != nil { inputGradient(pass) }
  }

  /// The first half of backward: masks the output gradient and sets the gradients of the variables.
  package func weightGradient(_ pass: BackwardPass) { algorithm(for: pass.input.shape).weightGradient(pass) }

  /// The second half: sets the input gradient, or adds to it.
  ///
  /// - Precondition: the pass has an input gradient.
  package func inputGradient(_ pass: BackwardPass) {
    algorithm(for: pass.input.shape).inputGradient(pass, into: pass.inputGradient!)
  }

  /// What computes the passes for a map of this shape.
  func algorithm(for input: Shape) -> any ConvolutionAlgorithm {
    let method = usedMethod(for: input)
    if method == .columns { return ColumnConvolution(layer: self, input: input) }
    return BlockedConvolution(layer: self, input: input, usesWinograd: method == .winograd)
  }

  /// Where the derivative of the activation is read from; nil where it is 1 everywhere.
  func mask(_ pass: BackwardPass) -> UnsafeMutablePointer<Float>? { activation.isIdentity ? nil : pass.output.data }

  /// The method that computes the passes for a map of this shape; never ``ConvolutionMethod/fastest``.
  package func usedMethod(for input: Shape) -> ConvolutionMethod {
    let isDefined = kernel == WinogradTransform.taps && stride == 1
    switch method {
    case .columns, .blockedColumns: return method
    case .winograd: return isDefined ? .winograd : .blockedColumns
    case .fastest:
      return isDefined && BlockedConvolution.isWinogradFaster(layer: self, input: input) ? .winograd : .blockedColumns
    }
  }

  var taps: Int { kernel * kernel }

  /// Whether the column matrix is the map itself.
  var isPointwise: Bool { kernel == 1 && stride == 1 && padding == 0 }
}
