import CKernels
import Tensors

/// Convolution with a 3×3 kernel and stride 1 by Winograd's F(4×4, 3×3), which multiplies a quarter as often as the definition.
///
/// The gradient of the input is a convolution of the output's gradient with the turned kernel.
struct WinogradConvolution: ConvolutionAlgorithm {
  let layer: Convolution
  private let forwardProduct: WinogradProduct
  private let backwardProduct: WinogradProduct
  private let weightGradient: WinogradWeightGradient

  init(layer: Convolution, input: Shape) {
    self.layer = layer
    let output = layer.outputShape(for: input)
    let tiling = WinogradTiling(input: input, output: output, padding: layer.padding, dilation: layer.dilation)
    forwardProduct = WinogradProduct(tiling: tiling, layer: layer, turnsKernel: false)
    backwardProduct = WinogradProduct(
      tiling: WinogradTiling(
        input: output, output: input, padding: layer.dilation * (layer.kernel - 1) - layer.padding,
        dilation: layer.dilation),
      layer: layer, turnsKernel: true)
    weightGradient = WinogradWeightGradient(tiling: tiling, layer: layer)
  }

  /// Whether this pays for a map: enough channels to amortise the transforms, and not too much of the tiles outside the map.
  static func isFaster(layer: Convolution, input: Shape) -> Bool {
    let output = layer.outputShape(for: input)
    let tiling = WinogradTiling(input: input, output: output, padding: layer.padding, dilation: layer.dilation)
    return min(layer.inputChannels, layer.outputChannels) >= 16 && tiling.workRatio <= 0.7
  }

  func scratch(training: Bool) -> ScratchSize {
    training
      ? forwardProduct.scratch.union(backwardProduct.scratch).union(weightGradient.scratch) : forwardProduct.scratch
  }

  func forward(_ input: Tensor, into output: Tensor, weights: ParameterArena, context: ExecutionContext) {
    forwardProduct.run(
      input, weights: weights, bias: weights[layer.bias].baseAddress, rectifies: layer.rectifies, accumulates: false,
      into: output, context: context)
  }

  func weightGradient(_ pass: BackwardPass, context: ExecutionContext) {
    weightGradient.run(pass, context: context)
  }

  func inputGradient(
    _ pass: BackwardPass, into inputGradient: Tensor, weights: ParameterArena, context: ExecutionContext
  ) {
    backwardProduct.run(
      pass.outputGradient, weights: weights, bias: nil, rectifies: false, accumulates: pass.accumulatesInputGradient,
      into: inputGradient, context: context)
  }
}
