import Kernels
import Tensors

/// Convolution as matrix products in a ``BlockedLayout``: by Winograd's algorithm where that multiplies less, by columns elsewhere.
struct BlockedConvolution: ConvolutionAlgorithm {
  private let layer: Convolution
  private let forwardProduct: BlockedProduct
  private let backwardProduct: BlockedProduct
  private let weightGradient: BlockedWeightGradient
  /// Both halves of backward in one pass; nil where that does not pay.
  private let pointwiseBackward: PointwiseBackward?

  init(layer: Convolution, input: Shape, usesWinograd: Bool) {
    self.layer = layer
    let gradientTile = Self.gradientTile(layer: layer, input: input)
    let (inputs, units) = (
      BlockedLayout.Word.summingInputs(input.precision), BlockedLayout.Word.summingUnits(input.precision)
    )
    func transform(_ word: BlockedLayout.Word, tile: WinogradTile) -> any DifferentiableTransform {
      if usesWinograd { return WinogradTransform(layer, tile, input: input, word: word) }
      return layer.isPointwise
        ? PixelTransform(layer, input: input, word: word) : ColumnTransform(layer, input: input, word: word)
    }
    var gradient: any ConvolutionTransform {
      if usesWinograd { return WinogradTransform(gradientOf: layer, gradientTile, input: input, word: inputs) }
      return layer.isPointwise
        ? PixelTransform(gradientOf: layer, input: input, word: inputs)
        : ScatterTransform(gradientOf: layer, input: input, word: inputs)
    }
    forwardProduct = BlockedProduct(transform(inputs, tile: .four), takesMoments: layer.normalization != nil)
    backwardProduct = BlockedProduct(gradient)
    // The sums of large tiles are nearly twice as large: they may leave no room for sums of every thread's own, which costs more than it saves.
    let weightGradients = [WinogradTile.four, gradientTile].map {
      BlockedWeightGradient(transform(units, tile: $0), layer: layer)
    }
    weightGradient = weightGradients[weightGradients[0].sharesUnits && !weightGradients[1].sharesUnits ? 0 : 1]
    pointwiseBackward = PointwiseBackward(layer, input: input)
  }

  /// Whether Winograd's algorithm pays for a map, whatever the number of images: enough channels to amortise the transforms of maps, enough
  /// tiles to amortise that of the kernel, which becomes four times as large, and not too many tiles that reach out of the map.
  static func isWinogradFaster(layer: Convolution, input: Shape) -> Bool {
    let transform = WinogradTransform(layer, .four, input: input, word: .float32)
    return min(layer.inputChannels, layer.outputChannels) >= 4 && transform.tilesPerImage > 4
      && transform.workRatio <= 0.7
  }

  /// The tiles of gradients by Winograd's algorithm: large ones where they fit the map so well that they multiply clearly less often. Their
  /// kernel, nearly twice as large, must stay in a cache; or that of small ones does not either, and there are many tiles to multiply it with.
  ///
  /// They err four times as much, which gradients can bear. Outputs decide on which side of a ReLU, and of a maximum, a number falls, and
  /// that is most of the error of all gradients ([decision 16](../../../docs/decisions/0016-convolution.md)). Of bfloat16 the
  /// error would be several percent.
  private static func gradientTile(layer: Convolution, input: Shape) -> WinogradTile {
    guard layer.kernel == WinogradTransform.taps, layer.stride == 1, input.precision == .float32 else { return .four }
    func transform(_ tile: WinogradTile) -> WinogradTransform {
      WinogradTransform(gradientOf: layer, tile, input: input, word: .float32)
    }
    let (small, large) = (transform(.four), transform(.six))
    let ratio = large.workRatio / small.workRatio
    if large.layout.keepsKernelCached { return ratio <= 0.85 ? .six : .four }
    return !small.layout.keepsKernelCached && large.tilesPerImage >= 40 && ratio <= 0.82 ? .six : .four
  }

  var work: ConvolutionWork {
    ConvolutionWork(
      forward: forwardProduct.multiplyAdds, weightGradient: weightGradient.multiplyAdds,
      inputGradient: backwardProduct.multiplyAdds)
  }

  func scratch(training: Bool) -> ScratchSize {
    training
      ? forwardProduct.scratch.union(backwardProduct.scratch).union(weightGradient.scratch)
        .union(pointwiseBackward?.scratch ?? ScratchSize()) : forwardProduct.scratch
  }

  func forward(_ pass: ForwardPass) {
    let kernel = pass.weights[layer.weight].baseAddress!
    let bias = layer.bias.map { UnsafePointer(pass.weights[$0].baseAddress!) }
    guard let output = layer.normalization else {
      let finish = OutputFinish(
        normalization: Normalization(shift: bias, activation: layer.activation.function),
        writing: writing(pass), pooling: pass.pooling?.geometry, argmax: pass.pooling?.argmax)
      return forwardProduct.run(pass.inputs[0], kernel: kernel, finish, into: pass.output, context: pass.context)
    }
    output.forward(pass, bias: bias) { finish, z, observe in
      forwardProduct.run(
        pass.inputs[0], kernel: kernel, OutputFinish(normalization: finish, writing: writing(pass)), into: z,
        context: pass.context, observe: observe)
    }
  }

  /// Results are floats, whatever the precision of other maps.
  private func writing(_ pass: ForwardPass) -> MapWriting {
    pass.output.shape.precision == pass.inputs[0].tensor.shape.precision ? pass.writing : .setsFloats
  }

  func backward(_ pass: BackwardPass) {
    guard let pointwiseBackward, let inputGradient = pass.inputGradient else {
      weightGradient(pass)
      if let inputGradient = pass.inputGradient { self.inputGradient(pass, into: inputGradient) }
      return
    }
    pointwiseBackward.run(pass, into: inputGradient)
  }

  func weightGradient(_ pass: BackwardPass) { weightGradient.run(pass) }

  func inputGradient(_ pass: BackwardPass, into inputGradient: BackwardPass.InputGradient) {
    backwardProduct.run(
      FeatureMap(gradientOf: pass.forward.pooling?.maxima, pass.outputGradient),
      kernel: pass.weights[layer.weight].baseAddress!,
      OutputFinish(writing: inputGradient.writing), into: inputGradient.tensor, context: pass.context)
  }
}
