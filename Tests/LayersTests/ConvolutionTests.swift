import Kernels
import Layers
import Tensors
import TestSupport
import Testing

@Suite struct ConvolutionTests {
  /// One geometry to check.
  struct Case: CustomTestStringConvertible, Sendable {
    var kernel: Int
    var stride = 1
    var padding: Padding = 0
    var dilation = 1
    var input: Int
    var output: Int
    var height: Int
    var width: Int
    var batch = 2
    var activation = Activation.relu
    var hasBias = true

    var testDescription: String {
      "\(kernel)×\(kernel)/\(stride) p\(padding) d\(dilation) \(input)→\(output) on \(batch)×\(height)×\(width) \(activation.bounds.lower) ... \(activation.bounds.upper)\(hasBias ? "" : " no bias")"
    }

    func layer(_ method: ConvolutionMethod, _ layout: inout VariableLayout) -> Convolution {
      Convolution(
        "layer", variableName: "layer", kernel: kernel, stride: stride, padding: padding, dilation: dilation,
        from: input, to: output, activation: activation, hasBias: hasBias, method: method, layout: &layout)
    }

    func shape(_ precision: Precision) -> Shape {
      Shape(batch: batch, height: height, width: width, channels: input, precision: precision)
    }
  }

  private static let methods: [ConvolutionMethod] = [.columns, .blockedColumns, .winograd]
  private static let bfloat16Methods: [ConvolutionMethod] = [.blockedColumns, .winograd, .tiles]

  /// Kernels, strides, paddings and dilations, and numbers of channels and pixels that fill no vector, block or pair.
  private static let geometries = [
    Case(kernel: 3, padding: 1, input: 3, output: 5, height: 7, width: 5),
    Case(kernel: 3, padding: 1, input: 17, output: 3, height: 4, width: 6, activation: .identity),
    Case(kernel: 3, padding: 1, input: 2, output: 33, height: 9, width: 3, batch: 1),
    Case(kernel: 1, input: 7, output: 19, height: 3, width: 5),
    Case(kernel: 1, input: 16, output: 3, height: 3, width: 5),
    Case(kernel: 1, stride: 2, input: 5, output: 3, height: 5, width: 8),
    Case(kernel: 3, stride: 2, padding: 1, input: 5, output: 7, height: 7, width: 10),
    Case(kernel: 3, stride: 2, padding: 1, input: 3, output: 5, height: 8, width: 5),
    Case(kernel: 3, input: 5, output: 3, height: 3, width: 8),
    Case(kernel: 3, padding: 2, input: 3, output: 2, height: 3, width: 6),
    Case(kernel: 3, padding: 6, dilation: 6, input: 3, output: 5, height: 9, width: 13),
    Case(kernel: 3, padding: 2, dilation: 2, input: 5, output: 3, height: 6, width: 11),
    Case(kernel: 3, padding: 1, dilation: 2, input: 3, output: 2, height: 7, width: 10),
    Case(kernel: 5, stride: 3, padding: 2, dilation: 2, input: 3, output: 5, height: 13, width: 16),
    Case(kernel: 2, stride: 2, input: 3, output: 3, height: 5, width: 6),
    Case(kernel: 3, padding: 1, input: 5, output: 9, height: 6, width: 7, activation: .relu6),
    Case(kernel: 1, input: 11, output: 5, height: 4, width: 5, activation: .relu6),
    Case(kernel: 3, padding: 1, input: 5, output: 6, height: 6, width: 5, activation: .identity, hasBias: false),
    Case(
      kernel: 3, stride: 2, padding: 1, input: 4, output: 3, height: 7, width: 6, activation: .identity, hasBias: false),
    Case(kernel: 3, stride: 2, padding: .same, input: 3, output: 5, height: 8, width: 7),
    Case(kernel: 3, padding: .same, input: 5, output: 4, height: 5, width: 6),
    Case(kernel: 5, padding: 2, input: 3, output: 34, height: 6, width: 4, batch: 1),
  ]

  /// Those that Winograd's algorithm does not cover are computed by blocked columns once more.
  @Test(arguments: geometries, methods)
  func agreesWithReferenceAndCentralDifferences(_ c: Case, _ method: ConvolutionMethod) {
    var layout = VariableLayout()
    let layer = c.layer(method, &layout)
    // Inputs on a grid of 1/64 make some pre-activations exactly 0, where a central difference straddles the kink of the ReLU; a
    // bias off the grid moves them away.
    var harness = LayerHarness(layer, layout: layout, input: c.shape(.float32))
    if c.hasBias { harness.parameters[1] = harness.parameters[1].map { $0 + 1.0 / 16384 * 3 } }
    let found = harness.discrepancies { convolve($0, layer, $1) }
    #expect(found.isEmpty, "\(found)")
  }

  /// The numbers have eight bits, so that bfloat16 holds them and sums of their products are exact but for Winograd's transforms, until maps
  /// are rounded. There, errors in pre-activations near 0 would change the mask of a ReLU, and everywhere near its upper bound.
  @Test(
    .enabled(if: Kernels.multiplyBFloat16, "this processor has no AVX512-BF16"), arguments: geometries,
    bfloat16Methods)
  func bfloat16AgreesWithReferenceAndCentralDifferences(_ c: Case, _ method: ConvolutionMethod) {
    var layout = VariableLayout()
    var geometry = c
    if method == .winograd { geometry.activation = .identity }
    if geometry.activation == .relu6 { geometry.activation = .relu }
    let layer = geometry.layer(method, &layout)
    var harness = LayerHarness(layer, layout: layout, input: c.shape(.bfloat16))
    if c.hasBias { harness.parameters[1] = harness.parameters[1].map { $0 + 1.0 / 16384 * 3 } }
    let isExact = layer.usedMethod(for: c.shape(.bfloat16), hasTiles: true) != .winograd
    // See ConvolutionAccuracyTests; few numbers scatter.
    let found = harness.discrepancies(
      kernels: Kernels.allMultiplyingBFloat16, tolerance: isExact ? 2e-6 : 2e-2, mapTolerance: isExact ? 3e-3 : 2e-2
    ) { convolve($0, layer, $1) }
    #expect(found.isEmpty, "\(found)")
  }

  /// Enough pixels and channels for several blocks and partial sums.
  private static let largeGeometries = [
    Case(kernel: 3, padding: 1, input: 33, output: 17, height: 61, width: 83, activation: .identity),
    Case(kernel: 3, padding: 1, input: 257, output: 130, height: 19, width: 23, activation: .identity),
    Case(kernel: 3, padding: 6, dilation: 6, input: 160, output: 330, height: 19, width: 22, activation: .identity),
    Case(kernel: 3, stride: 2, padding: 1, input: 144, output: 130, height: 37, width: 22, activation: .identity),
    Case(kernel: 1, input: 300, output: 70, height: 21, width: 18, activation: .identity),
    Case(kernel: 1, input: 1040, output: 800, height: 13, width: 18, activation: .identity),
  ]

  /// The adjoint law ⟨dy, conv(x)⟩ = ⟨convᵀ(dy), x⟩ = ⟨dw, w⟩.
  @Test(arguments: largeGeometries, methods)
  func passesAreAdjoint(_ c: Case, _ method: ConvolutionMethod) {
    for kernels in Kernels.available {
      expectAdjointPasses(c, method, .float32, kernels, tolerance: 1e-6)
    }
  }

  /// Rounding errors of the passes have nothing to do with each other: where they are added up, few remain. The mask of the ReLU is that of
  /// the result, so that it changes nothing.
  @Test(
    .enabled(if: Kernels.multiplyBFloat16, "this processor has no AVX512-BF16"), arguments: largeGeometries,
    bfloat16Methods)
  func passesAreAdjointInBFloat16(_ c: Case, _ method: ConvolutionMethod) {
    var rectified = c
    rectified.activation = .relu
    for kernels in Kernels.allMultiplyingBFloat16 {
      for geometry in [c, rectified] { expectAdjointPasses(geometry, method, .bfloat16, kernels, tolerance: 3e-4) }
    }
  }

  private func expectAdjointPasses(
    _ c: Case, _ method: ConvolutionMethod, _ precision: Precision, _ kernels: Kernels, tolerance: Double
  ) {
    var layout = VariableLayout()
    let layer = c.layer(method, &layout)
    var harness = LayerHarness(layer, layout: layout, input: c.shape(precision))
    harness.parameters[1] = harness.parameters[1].map { _ in 0 }
    let result = harness.run(kernels: kernels, threads: 2)
    let repeated = harness.run(kernels: kernels, threads: 1)
    #expect(result.output == repeated.output && result.inputGradient == repeated.inputGradient)
    #expect(result.gradients == repeated.gradients)
    func product(_ a: [Float], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * $1.1 } }
    let forward = product(result.output, harness.direction)
    let data = product(result.inputGradient, harness.input.values)
    let weight = product(result.gradients[0], harness.parameters[0])
    // The products cancel: the scale of the error is that of their norms.
    let scale = norm(result.output.map(Double.init)) * norm(harness.direction)
    #expect(abs(forward - data) <= tolerance * scale)
    #expect(abs(forward - weight) <= tolerance * scale)
  }

  private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

/// The definition, in Double.
private func convolve(_ x: ReferenceMap, _ layer: Convolution, _ parameters: [[Double]]) -> ReferenceMap {
  let weight = parameters[0]
  var y = ReferenceMap(layer.outputShape(for: x.shape))
  let padding = layer.paddingBefore(x.shape)
  for b in 0..<y.shape.batch {
    for i in 0..<y.shape.height {
      for j in 0..<y.shape.width {
        for o in 0..<y.shape.channels {
          var sum = layer.bias == nil ? 0 : parameters[1][o]
          for u in 0..<layer.kernel {
            for v in 0..<layer.kernel {
              let (row, column) = (
                i * layer.stride - padding.y + u * layer.dilation,
                j * layer.stride - padding.x + v * layer.dilation
              )
              guard x.contains(row, column) else { continue }
              for c in 0..<x.shape.channels {
                sum +=
                  x[b, row, column, c]
                  * weight[((u * layer.kernel + v) * x.shape.channels + c) * y.shape.channels + o]
              }
            }
          }
          y[b, i, j, o] = min(max(Double(layer.activation.bounds.lower), sum), Double(layer.activation.bounds.upper))
        }
      }
    }
  }
  return y
}
