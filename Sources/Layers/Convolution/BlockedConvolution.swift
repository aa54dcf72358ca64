import Tensors

/// Convolution as matrix products in a ``BlockedLayout``: by Winograd's algorithm where that multiplies less, by columns elsewhere.
struct BlockedConvolution: ConvolutionAlgorithm {
  private let layer: Convolution
  private let forwardProduct: BlockedProduct
  private let backwardProduct: BlockedProduct
  private let weightGradient: BlockedWeightGradient

  init(layer: Convolution, input: Shape, usesWinograd: Bool) {
    self.layer = layer
    func transform(_ word: BlockedLayout.Word) -> any DifferentiableTransform {
      usesWinograd
        ? WinogradTransform(layer, input: input, word: word) : ColumnTransform(layer, input: input, word: word)
    }
    let (inputs, units) = (
      BlockedLayout.Word.summingInputs(layer.precision), BlockedLayout.Word.summingUnits(layer.precision)
    )
    forwardProduct = BlockedProduct(transform(inputs))
    backwardProduct =
      usesWinograd
      ? BlockedProduct(WinogradTransform(gradientOf: layer, input: input, word: inputs))
      : BlockedProduct(ScatterTransform(gradientOf: layer, input: input, word: inputs))
    weightGradient = BlockedWeightGradient(transform(units), layer: layer)
  }

  /// Whether Winograd's algorithm pays for a map: enough channels to amortise the transforms, and not too many tiles reach out of the map.
  static func isWinogradFaster(layer: Convolution, input: Shape) -> Bool {
    min(layer.inputChannels, layer.outputChannels) >= 4
      && WinogradTransform(layer, input: input, word: .float32).workRatio <= 0.7
  }

  func scratch(training: Bool) -> ScratchSize {
    training
      ? forwardProduct.scratch.union(backwardProduct.scratch).union(weightGradient.scratch) : forwardProduct.scratch
  }

  func forward(_ pass: ForwardPass) {
    forwardProduct.run(
      pass.input, kernel: pass.weights[layer.weight].baseAddress!,
      OutputFinish(bias: layer.bias.map { pass.weights[$0].baseAddress! }, activation: layer.activation),
      into: pass.output, context: pass.context)
  }

  func weightGradient(_ pass: BackwardPass) { weightGradient.run(pass) }

  func inputGradient(_ pass: BackwardPass, into inputGradient: BackwardPass.InputGradient) {
    backwardProduct.run(
      pass.outputGradient, kernel: pass.weights[layer.weight].baseAddress!,
      OutputFinish(accumulates: inputGradient.accumulates), into: inputGradient.tensor, context: pass.context)
  }
}
