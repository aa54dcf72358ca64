import CKernels
import Kernels
import Tensors

/// A two-dimensional convolution with bias and, optionally, a fused ReLU.
///
///     y[b, i, j, o] = f( bias[o] + Σ_{u, v, c} x[b, i·s − p + u·d, j·s − p + v·d, c] · w[u, v, c, o] )
///
/// with stride s, padding p, dilation d, zeros outside the map, and f(z) = max(0, z) or z. How the passes are computed is up to a
/// ``ConvolutionAlgorithm``.
///
/// ### Shapes
/// x: [batch, height, width, inputChannels]; w: [k, k, inputChannels, outputChannels] in memory.
package struct Convolution: Layer {
  /// See ``Layer/name``.
  package let name: String
  /// The kernel.
  package let weight: Parameter
  /// One value for each output channel.
  package let bias: Parameter
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
  /// Whether f is max(0, z).
  package let rectifies: Bool
  /// Which algorithm computes the passes.
  package var method: ConvolutionMethod
  /// What products multiply, where that is faster; ``ConvolutionMethod/columns`` multiplies float32.
  package var precision: Precision

  /// Declares the layer and its two parameters, `<parameterName>.weight` and `<parameterName>.bias`.
  package init(
    _ name: String, parameterName: String, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    from inputChannels: Int, to outputChannels: Int, rectifies: Bool, method: ConvolutionMethod = .fastest,
    precision: Precision = .float32, layout: inout ParameterLayout
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
    self.rectifies = rectifies
    self.method = method
    self.precision = precision
    weight = layout.add(
      parameterName + ".weight", .weight,
      .kernel(height: kernel, width: kernel, input: inputChannels, output: outputChannels))
    bias = layout.add(parameterName + ".bias", .bias, .vector(count: outputChannels))
  }

  /// The kernel and the bias.
  package var parameters: [Parameter] { [weight, bias] }
  /// The weight gradient needs x.
  package var backwardReadsInput: Bool { true }
  /// The sign of y is the mask of the ReLU.
  package var backwardReadsOutput: Bool { rectifies }

  /// See ``Layer/outputShape(for:)``.
  package func outputShape(for input: Shape) -> Shape {
    precondition(input.channels == inputChannels, "\(name) takes \(inputChannels) channels, got \(input)")
    let extent = dilation * (kernel - 1) + 1
    let height = (input.height + 2 * padding - extent) / stride + 1
    let width = (input.width + 2 * padding - extent) / stride + 1
    precondition(
      input.height + 2 * padding >= extent && input.width + 2 * padding >= extent, "\(name): \(input) is too small")
    return Shape(batch: input.batch, height: height, width: width, channels: outputChannels)
  }

  /// See ``Layer/multiplyAdds(for:)``.
  package func multiplyAdds(for input: Shape) -> Int { outputShape(for: input).count * taps * inputChannels }
  /// Nothing beside input and output.
  package func stateCount(for input: Shape) -> Int { 0 }

  /// See ``Layer/scratch(for:training:)``.
  package func scratch(for input: Shape, training: Bool) -> ScratchSize {
    algorithm(for: input).scratch(training: training)
  }

  /// See ``Layer/forward(_:into:state:weights:context:)``.
  package func forward(
    _ input: Tensor, into output: Tensor, state: UnsafeMutablePointer<Float>, weights: ParameterArena,
    context: ExecutionContext
  ) {
    algorithm(for: input.shape).forward(input, into: output, weights: weights, context: context)
  }

  /// See ``Layer/backward(_:weights:context:)``. The output gradient is masked by the ReLU in place.
  package func backward(_ pass: BackwardPass, weights: ParameterArena, context: ExecutionContext) {
    weightGradient(pass, context: context)
    if pass.inputGradient != nil { inputGradient(pass, weights: weights, context: context) }
  }

  /// The first half of backward: masks the output gradient and sets the gradients of the parameters.
  package func weightGradient(_ pass: BackwardPass, context: ExecutionContext) {
    algorithm(for: pass.input.shape).weightGradient(pass, context: context)
  }

  /// The second half: sets the input gradient, or adds to it.
  ///
  /// - Precondition: the pass has an input gradient.
  package func inputGradient(_ pass: BackwardPass, weights: ParameterArena, context: ExecutionContext) {
    algorithm(for: pass.input.shape).inputGradient(
      pass, into: pass.inputGradient!, weights: weights, context: context)
  }

  /// What computes the passes for a map of this shape.
  func algorithm(for input: Shape) -> any ConvolutionAlgorithm {
    let method = usedMethod(for: input)
    if method == .columns { return ColumnConvolution(layer: self, input: input) }
    return BlockedConvolution(layer: self, input: input, usesWinograd: method == .winograd)
  }

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
