import Kernels
import Tensors

/// A convolution of stride 1 as products of tiles of AMX with the map as it is, in bands of rows: no transform, and a quarter of the rounding
/// error of Winograd's algorithm in bfloat16.
struct TileConvolution: ConvolutionAlgorithm {
  private let layer: Convolution
  private let forwardProduct: BandProduct
  private let backwardProduct: BandProduct
  private let weightGradient: BandWeightGradient

  init(layer: Convolution, input: Shape) {
    self.layer = layer
    let padding = layer.paddingBefore(input).y
    let output = layer.outputShape(for: input)
    forwardProduct = BandProduct(layer, from: input, padding: padding, outputs: output.channels, turnsKernel: false)
    backwardProduct = BandProduct(
      layer, from: output, padding: layer.dilation * (layer.kernel - 1) - padding, outputs: input.channels,
      turnsKernel: true)
    weightGradient = BandWeightGradient(layer, input: input, padding: padding)
  }

  /// Whether the passes can be computed so.
  static func isDefined(layer: Convolution, input: Shape) -> Bool {
    let (y, x) = layer.paddingBefore(input)
    let output = layer.outputShape(for: input)
    let extent = layer.dilation * (layer.kernel - 1)
    return input.precision == .bfloat16 && layer.kernel > 1 && layer.stride == 1 && layer.normalization == nil && x == y
      && output.height == input.height + 2 * y - extent && output.width == input.width + 2 * x - extent
  }

  /// Whether that is faster than products of columns or Winograd's algorithm, whatever the number of images: where lines of channels are not
  /// mostly padding, and rows not either.
  static func isFaster(layer: Convolution, input: Shape) -> Bool {
    let columns = input.width + layer.paddingBefore(input).x
    return min(layer.inputChannels, layer.outputChannels) >= 16 && 2 * layer.outputShape(for: input).width >= columns
  }

  var work: ConvolutionWork {
    ConvolutionWork(
      forward: forwardProduct.multiplyAdds, weightGradient: weightGradient.multiplyAdds,
      inputGradient: backwardProduct.multiplyAdds)
  }

  func scratch(training: Bool) -> ScratchSize {
    training
      ? forwardProduct.scratch.union(backwardProduct.scratch).union(weightGradient.scratch) : forwardProduct.scratch
  }

  func forward(_ pass: ForwardPass) {
    let isResult = pass.output.shape.precision == .float32
    forwardProduct.run(
      FeatureMap(pass.input), kernel: pass.weights[layer.weight].baseAddress!,
      bias: layer.bias.map { UnsafePointer(pass.weights[$0].baseAddress!) }, layer.activation.bounds,
      isResult ? .setsFloats : pass.writing, into: pass.output, context: pass.context)
  }

  func weightGradient(_ pass: BackwardPass) { weightGradient.run(pass) }

  func inputGradient(_ pass: BackwardPass, into inputGradient: BackwardPass.InputGradient) {
    backwardProduct.run(
      FeatureMap(pass.outputGradient), kernel: pass.weights[layer.weight].baseAddress!, bias: nil,
      Activation.identity.bounds, inputGradient.writing, into: inputGradient.tensor, context: pass.context)
  }
}
