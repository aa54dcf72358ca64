import Kernels
import Tensors

/// Backward of a pointwise convolution with a small kernel in one pass over the maps: they are larger than the caches, and reading them takes
/// longer than multiplying. Of a block of pixels, which stays in the second-level cache,
///
///     dz = the gradient of the sums from that of the output        dw += xᵀ · dz        dx = dz · wᵀ
///
/// and, where a batch normalisation of the input wants them, the sums of dx.
struct PointwiseBackward {
  private let layer: Convolution
  private let weights: PixelTransform
  private let inputs: PixelTransform
  private let pixels: Int
  private let precision: Precision

  /// Bytes of a kernel of which every part can have its own.
  private static let smallKernelBytes = 3 << 20
  /// Floats of a block: 256 KiB.
  private static let blockCount = 64 << 10
  /// Pixels that a product sums at once; blocks are multiples of them.
  private static let step = 56
  /// Parts that keep eight threads busy without much imbalance.
  private static let partGoal = 16
  private static let kernelRowsPerTask = 32

  /// Nil where another algorithm is faster.
  init?(_ layer: Convolution, input: Shape) {
    guard layer.isPointwise else { return nil }
    self.layer = layer
    weights = PixelTransform(layer, input: input, word: .summingUnits(input.precision))
    inputs = PixelTransform(gradientOf: layer, input: input, word: .summingInputs(input.precision))
    pixels = input.pixels
    precision = input.precision
    if weights.layout.kernelBytes > Self.smallKernelBytes { return nil }
  }

  private var ofWeights: BlockedLayout { weights.layout }
  private var ofInputs: BlockedLayout { inputs.layout }

  /// Pixels of a block: a function of the shape alone.
  private var blockPixels: Int {
    let perPixel =
      ofWeights.kernelRows + 2 * ofInputs.kernelRows + ofWeights.panels * BlockedLayout.panelWidth
      + BlockedLayout.panelWidth
    return min(pixels, max(Self.step, Self.blockCount / perPixel / Self.step * Self.step))
  }
  private var blocks: Int { (pixels + blockPixels - 1) / blockPixels }
  private var parts: Int { min(Self.partGoal, blocks) }

  // MARK: Scratch

  private var inputCount: Int { ofWeights.inputCount(units: blockPixels) }
  private var gradientCount: Int { ofInputs.inputCount(units: blockPixels) }
  /// The gradient where sums run over pixels: panels, or blocks.
  private var summedCount: Int {
    max(ofWeights.panelStride(units: blockPixels), ofInputs.blocks * ofWeights.blockStride(units: blockPixels))
  }
  private var biasCount: Int { (parts * layer.outputChannels + 15) / 16 * 16 }
  private var sumCount: Int { (blocks * 2 * layer.inputChannels + 15) / 16 * 16 }

  /// Floats of scratch.
  var scratch: ScratchSize {
    ScratchSize(
      floatsPerWorker: inputCount + gradientCount + summedCount,
      commonFloats: biasCount + sumCount + ofInputs.kernelStride + parts * ofWeights.kernelStride)
  }

  // MARK: The pass

  func run(_ pass: BackwardPass, into inputGradient: BackwardPass.InputGradient) {
    let (context, slope) = (pass.context, layer.outputSlope(pass))
    let biasSums = context.scratch
    let inputSums = biasSums + biasCount
    let kernel = inputSums + sumCount
    let weightSums = kernel + ofInputs.kernelStride
    let sums = inputGradient.isLast ? pass.forward.inputs[0].pending : nil
    biasSums.update(repeating: 0, count: biasCount)
    packKernel(pass, into: kernel)
    context.pool.forEach(parts) { part, worker in
      let blocks = (0..<blocks).part(part, of: parts)
      for block in blocks {
        let range = block * blockPixels..<min((block + 1) * blockPixels, pixels)
        let inputs = context.scratch(worker: worker)
        let gradient = slope.lay(
          pass.outputGradient, range, channels: layer.outputChannels, context.kernels.maps(precision),
          ofInputs, blocks: inputs + inputCount, ofWeights, summed: inputs + inputCount + gradientCount,
          biasSums: biasSums + part * layer.outputChannels)
        addWeights(
          pass, range, inputs: inputs, gradient, accumulates: block > blocks.lowerBound,
          into: weightSums + part * ofWeights.kernelStride)
        writeInputs(
          gradient.blocks, range, kernel: kernel,
          sums: sums.flatMap { pending in
            pending.gradientSums.map {
              (
                inputSums + block * 2 * layer.inputChannels,
                x: UnsafeRawPointer(pass.forward.inputs[0].tensor.at(range.lowerBound * layer.inputChannels)),
                pending.reading, mean: $0.mean
              )
            }
          }, into: inputGradient, context)
      }
    }
    finish(pass, weightSums)
    if let bias = layer.bias { sumParts(biasSums, parts: parts, into: pass.gradients[bias], context: context) }
    sums?.gradientSums?.set(inputSums, parts: blocks, channels: layer.inputChannels, context: context)
  }

  private func packKernel(_ pass: BackwardPass, into packed: UnsafeMutablePointer<Float>) {
    let kernel = pass.weights[layer.weight].baseAddress!
    pass.context.pool.forEach(ofInputs.panels) { panel, _ in
      inputs.transformKernel(
        kernel, panel: panel, rows: 0..<ofInputs.kernelRows, into: packed + panel * ofInputs.kernelPanelCount,
        componentStride: ofInputs.kernelStride, kernels: pass.context.kernels)
    }
  }

  /// dw += xᵀ · dz.
  private func addWeights(
    _ pass: BackwardPass, _ range: Range<Int>, inputs: UnsafeMutablePointer<Float>, _ gradient: GradientOperands,
    accumulates: Bool, into sums: UnsafeMutablePointer<Float>
  ) {
    let stride = ofWeights.blockStride(units: range.count)
    weights.transformInput(
      pass.forward.inputs[0], range, into: inputs, componentStride: 0, blockStride: stride,
      kernels: pass.context.kernels)
    for panel in 0..<ofWeights.panels {
      pass.context.kernels.maps(precision).multiplyTransposedPanel(
        blocks: ofWeights.blocks, count: range.count, left: inputs, blockStride: stride,
        right: gradient.summed + panel * gradient.panelStride, rightStride: gradient.blockStride,
        columns: ofWeights.columns(panel: panel), accumulates: accumulates,
        into: sums + panel * ofWeights.kernelPanelCount)
    }
  }

  /// dx = dz · wᵀ.
  private func writeInputs(
    _ gradient: UnsafeMutablePointer<Float>, _ range: Range<Int>, kernel: UnsafeMutablePointer<Float>,
    sums: (UnsafeMutablePointer<Float>, x: UnsafeRawPointer, Normalization, mean: UnsafePointer<Float>)?,
    into inputGradient: BackwardPass.InputGradient, _ context: ExecutionContext
  ) {
    for panel in 0..<ofInputs.panels {
      context.kernels.maps(precision).multiplyToInputGradient(
        rows: range.count, blocks: ofInputs.blocks, left: gradient,
        blockStride: ofInputs.blockStride(units: range.count), right: kernel + panel * ofInputs.kernelPanelCount,
        channels: layer.inputChannels, firstChannel: panel * BlockedLayout.panelWidth,
        inputGradient.writing, sums: sums,
        into: inputGradient.tensor.at(range.lowerBound * layer.inputChannels))
    }
  }

  /// Adds the parts of dw in order.
  private func finish(_ pass: BackwardPass, _ sums: UnsafeMutablePointer<Float>) {
    let gradient = pass.gradients[layer.weight].baseAddress!
    pass.context.pool.forEachRange(ofWeights.kernelRows, grain: Self.kernelRowsPerTask) { rows, _ in
      for panel in 0..<ofWeights.panels {
        let at = sums + panel * ofWeights.kernelPanelCount + ofWeights.kernelCount(rows: rows.lowerBound)
        for part in stride(from: 1, to: parts, by: 1) {
          pass.context.kernels.add(
            at + part * ofWeights.kernelStride, to: at, count: ofWeights.kernelCount(rows: rows.count))
        }
        weights.transformKernelGradient(
          at, panel: panel, rows: rows, componentStride: ofWeights.kernelStride, into: gradient,
          kernels: pass.context.kernels)
      }
    }
  }
}

/// The gradient of a block of pixels as operand of both products of backward.
private struct GradientOperands {
  /// Left operand of sums over channels.
  let blocks: UnsafeMutablePointer<Float>
  /// Right operand of sums over pixels.
  let summed: UnsafeMutablePointer<Float>
  /// Words from one of its panels, or pairs of blocks, to the next.
  let panelStride: Int
  /// Words from block to block; nil where it consists of panels.
  let blockStride: Int?
}

extension OutputSlope {
  /// Lays out the gradients of the sums of `units` pixels.
  ///
  /// - Parameters:
  ///   - blocks, summed: memory for the operands that `ofInputs` and `ofWeights` describe.
  ///   - biasSums: what the gradients of a layer with a bias are added to.
  fileprivate func lay(
    _ gradient: Tensor, _ units: Range<Int>, channels: Int, _ kernels: MapKernels,
    _ ofInputs: BlockedLayout, blocks: UnsafeMutablePointer<Float>, _ ofWeights: BlockedLayout,
    summed: UnsafeMutablePointer<Float>, biasSums: UnsafeMutablePointer<Float>
  ) -> GradientOperands {
    let blockStride = ofInputs.blockStride(units: units.count)
    let summedStride = ofWeights.blockStride(units: units.count)
    switch self {
    case .activation, .maxima:
      let panelStride = ofWeights.panelCount(units: units.count)
      pack(
        gradient, units, channels: channels, kernels, into: summed, panelStride: panelStride, biasSums: biasSums)
      kernels.pixelBlocks(
        gradient.at(units.lowerBound * channels), channels: channels, imageRows: units.count, nil,
        rows: 0..<units.count,
        sumsRows: false, into: blocks, blockStride: blockStride)
      return GradientOperands(blocks: blocks, summed: summed, panelStride: panelStride, blockStride: nil)
    case .normalization(let normalization, let z):
      let at = units.lowerBound * channels
      let isShared = ofWeights.word == .float32
      kernels.normalizedGradientBlocks(
        rows: units.count, channels: channels, z.at(at), normalization, outputGradient: gradient.at(at), into: blocks,
        blockStride: blockStride, summed: isShared ? nil : (summed, summedStride))
      return GradientOperands(
        blocks: blocks, summed: isShared ? blocks : summed, panelStride: 2 * summedStride, blockStride: summedStride)
    }
  }
}
