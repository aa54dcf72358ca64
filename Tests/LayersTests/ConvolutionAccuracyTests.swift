import Kernels
import Layers
import Randomness
import Tensors
import TestSupport
import Testing

/// How far the methods are from exact arithmetic with as many channels as the networks have.
@Suite struct ConvolutionAccuracyTests {
  /// Relative L2 errors that are allowed. A sum of n products of float32 errs by about sqrt(n) · 2⁻²⁴ at most; Winograd's transforms magnify
  /// that about four times.
  private static let tolerances: [ConvolutionMethod: Double] = [
    .columns: 6e-7, .blockedColumns: 6e-7, .winograd: 1.5e-6,
  ]

  @Test(arguments: Array(tolerances.keys), [(64, 48), (256, 80), (512, 33)])
  func isNearExactArithmetic(_ method: ConvolutionMethod, _ channels: (input: Int, output: Int)) throws {
    var layout = VariableLayout()
    let layer = Convolution(
      "layer", variableName: "layer", kernel: 3, padding: 1, from: channels.input, to: channels.output,
      activation: .identity, method: method, layout: &layout)
    let shape = Shape(batch: 1, height: 9, width: 14, channels: channels.input)
    let harness = LayerHarness(layer, layout: layout, normalInput: shape)
    let exact = harness.exactPasses()
    let tolerance = try #require(Self.tolerances[method])
    for kernels in Kernels.available {
      let result = harness.run(kernels: kernels, threads: 1)
      #expect(relativeDistance(result.output, exact.output.values) <= tolerance)
      #expect(relativeDistance(result.inputGradient, exact.inputGradient.values) <= tolerance)
      #expect(relativeDistance(result.gradients[0], exact.weightGradient) <= tolerance)
    }
  }

  /// The component at infinity, of each direction, counts for tiles with a last row, or column, alone. Full and short tiles of a side, by
  /// arithmetic: 8 and 2, 4 and 1, 1 and 5 (dilated), 1 and 2; where that saves little, tiles reach out of the map instead: 75 and 19.
  @Test(arguments: [
    (38, 1, 8 * 6 + 2 * 5), (19, 1, 4 * 6 + 5), (19, 6, 6 + 5 * 5), (10, 1, 6 + 2 * 5), (300, 1, 75 * 6),
    (75, 1, 19 * 6),
  ])
  func `Tiles that would reach out of a map are cut short`(side: Int, dilation: Int, components: Int) {
    var layout = VariableLayout()
    let layer = Convolution(
      "layer", variableName: "layer", kernel: 3, padding: .symmetric(dilation), dilation: dilation, from: 16, to: 32,
      activation: .identity, method: .winograd, layout: &layout)
    let work = layer.work(for: Shape(batch: 2, height: side, width: side, channels: 16), hasTiles: false)
    #expect(work.forward == 2 * components * components * 16 * 32)
  }

  /// Gradients of maps that tiles of 6×6 cover well. Their transforms magnify errors about sixteen times. The last kernel stays in no cache,
  /// by tiles of any size.
  @Test(arguments: [(64, 48, 12), (256, 80, 12), (512, 33, 12), (512, 352, 42)])
  func gradientsByLargeTilesAreNearExactArithmetic(_ sizes: (input: Int, output: Int, height: Int)) {
    var layout = VariableLayout()
    let layer = Convolution(
      "layer", variableName: "layer", kernel: 3, padding: 1, from: sizes.input, to: sizes.output,
      activation: .identity, method: .winograd, layout: &layout)
    let width = sizes.height == 12 ? 18 : 36
    let shape = Shape(batch: 1, height: sizes.height, width: width, channels: sizes.input)
    let work = layer.work(for: shape, hasTiles: false)
    // Whole tiles of 64 products; outputs come in panels of 32 where they are columns, in blocks of 16 where they are summed.
    let products = sizes.height / 6 * width / 6 * 64 * sizes.input
    #expect(work.weightGradient == products * ((sizes.output + 31) / 32 * 32))
    #expect(work.inputGradient == products * ((sizes.output + 15) / 16 * 16))
    let harness = LayerHarness(layer, layout: layout, normalInput: shape)
    let exact = harness.exactPasses()
    for kernels in Kernels.available {
      let result = harness.run(kernels: kernels, threads: 1)
      #expect(relativeDistance(result.inputGradient, exact.inputGradient.values) <= 6.5e-6)
      #expect(relativeDistance(result.gradients[0], exact.weightGradient) <= 6.5e-6)
    }
  }

  /// Relative L2 errors of bfloat16. Rounding a factor to nearest errs by 0.42 · 2⁻⁸ in the mean square, cutting it off by twice that; a
  /// product has two, and a map that is written has a third. Winograd's transforms magnify that of factors nearly five times.
  private static let tolerancesOfBFloat16: [ConvolutionMethod: ClosedRange<Double>] = [
    .blockedColumns: 2e-3...3.1e-3, .tiles: 2e-3...3.1e-3, .winograd: 8e-3...1.3e-2,
  ]

  /// An odd number of tiles and of pixels, kernels that threads share and that they do not.
  @Test(
    .enabled(if: Kernels.multiplyBFloat16, "this processor has no AVX512-BF16"),
    arguments: Array(tolerancesOfBFloat16.keys), [(64, 48), (256, 80), (512, 33), (512, 200)])
  func bfloat16RoundsToNearestAndNoMoreThanFactors(
    _ method: ConvolutionMethod, _ channels: (input: Int, output: Int)
  )
    throws
  {
    var layout = VariableLayout()
    let layer = Convolution(
      "layer", variableName: "layer", kernel: 3, padding: 1, from: channels.input, to: channels.output,
      activation: .identity, method: method, layout: &layout)
    let harness = LayerHarness(
      layer, layout: layout,
      normalInput: Shape(batch: 1, height: 9, width: 17, channels: channels.input, precision: .bfloat16))
    let exact = harness.exactPasses()
    let tolerance = try #require(Self.tolerancesOfBFloat16[method])
    for kernels in Kernels.allMultiplyingBFloat16 {
      let result = harness.run(kernels: kernels, threads: 1)
      #expect(tolerance.contains(relativeDistance(result.output, exact.output.values)))
      #expect(tolerance.contains(relativeDistance(result.inputGradient, exact.inputGradient.values)))
      #expect(tolerance.contains(relativeDistance(result.gradients[0], exact.weightGradient)))
    }
  }
}

extension LayerHarness {
  /// Values of a normal distribution, rounded to float32, and no bias.
  fileprivate init(_ layer: Convolution, layout: VariableLayout, normalInput shape: Shape) {
    var random = RandomStream(seed: 3, purpose: .test)
    // The sum of twelve uniform numbers is as good as normal.
    func normal() -> Double { Double((0..<12).reduce(Float(0)) { sum, _ in sum + random.uniform(-0.5, 0.5) }) }
    let weights = (0..<layer.weight.range.count).map { _ in normal() }
    self.init(
      layer, layout: layout, input: ReferenceMap(shape, (0..<shape.count).map { _ in normal() }),
      parameters: [weights, [Double](repeating: 0, count: layer.outputChannels)],
      direction: (0..<layer.outputShape(for: shape).count).map { _ in normal() })
  }

  /// The passes of a convolution of stride 1, padded by 1, in Double.
  fileprivate func exactPasses() -> (output: ReferenceMap, inputGradient: ReferenceMap, weightGradient: [Double]) {
    let layer = layer as! Convolution
    var output = ReferenceMap(layer.outputShape(for: input.shape))
    var inputGradient = ReferenceMap(input.shape)
    var weightGradient = [Double](repeating: 0, count: layer.weight.range.count)
    let outputs = layer.outputChannels
    for y in 0..<output.shape.height {
      for x in 0..<output.shape.width {
        let at = (y * output.shape.width + x) * outputs
        for tap in 0..<9 {
          let (row, column) = (y - 1 + tap / 3, x - 1 + tap % 3)
          guard input.contains(row, column) else { continue }
          for c in 0..<layer.inputChannels {
            let value = input[0, row, column, c]
            let kernel = (tap * layer.inputChannels + c) * outputs
            var gradient = 0.0
            for o in 0..<outputs {
              output.values[at + o] += value * parameters[0][kernel + o]
              gradient += direction[at + o] * parameters[0][kernel + o]
              weightGradient[kernel + o] += value * direction[at + o]
            }
            inputGradient[0, row, column, c] += gradient
          }
        }
      }
    }
    return (output, inputGradient, weightGradient)
  }
}
