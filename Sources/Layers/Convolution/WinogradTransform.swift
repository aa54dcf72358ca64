import CKernels
import Kernels
import Tensors

/// Winograd's F(4×4, 3×3) for a kernel of 3×3 and stride 1, which multiplies a quarter as often as the definition:
///
///     Y = Aᵀ [ Σ_c (G g_c Gᵀ) ⊙ (Bᵀ d_c B) ] A
///
/// A unit is a tile of 4×4 outputs, a dilation apart, which depend on 6×6 inputs; in between are 36 frequencies. The gradient of the input
/// is the convolution of the output's gradient with the turned kernel.
///
/// ### Source
/// Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, CVPR 2016; the interpolation points are in `winograd.inc`.
struct WinogradTransform: DifferentiableTransform {
  /// Rows and columns of the kernel.
  static let taps = 3
  private static let side = 4
  private static let frequencies = 36

  let layout: BlockedLayout
  private let layer: Convolution
  private let turnsKernel: Bool
  private let inputMap: ck_tile_map
  private let outputMap: ck_tile_map

  /// Multiplications for each one of the definition.
  let workRatio: Float

  /// The convolution of a map of shape `input` with the layer's kernel.
  init(_ layer: Convolution, input: Shape, word: BlockedLayout.Word) {
    self.init(
      layer, from: input, to: layer.outputShape(for: input), padding: layer.padding, word: word, turnsKernel: false)
  }

  /// The gradient with respect to a map of shape `input`.
  init(gradientOf layer: Convolution, input: Shape, word: BlockedLayout.Word) {
    self.init(
      layer, from: layer.outputShape(for: input), to: input,
      padding: layer.dilation * (layer.kernel - 1) - layer.padding, word: word, turnsKernel: true)
  }

  private init(
    _ layer: Convolution, from input: Shape, to output: Shape, padding: Int, word: BlockedLayout.Word,
    turnsKernel: Bool
  ) {
    self.layer = layer
    self.turnsKernel = turnsKernel
    func tiles(_ extent: Int) -> Int {
      let phase = (extent + layer.dilation - 1) / layer.dilation
      return layer.dilation * ((phase + Self.side - 1) / Self.side)
    }
    let (rows, columns) = (tiles(output.height), tiles(output.width))
    func map(_ shape: Shape) -> ck_tile_map {
      ck_tile_map(
        height: shape.height, width: shape.width, channels: shape.channels, tile_rows: rows, tile_columns: columns,
        padding: padding, dilation: layer.dilation)
    }
    inputMap = map(input)
    outputMap = map(output)
    layout = BlockedLayout(
      frequencies: Self.frequencies, units: output.batch * rows * columns, inputs: input.channels,
      outputs: output.channels, word: word)
    workRatio =
      Float(rows * columns * Self.frequencies) / Float(output.height * output.width * Self.taps * Self.taps)
  }

  func transformInput(
    _ map: UnsafePointer<Float>, _ units: Range<Int>, into inputs: UnsafeMutablePointer<Float>, frequencyStride: Int,
    blockStride: Int, kernels: Kernels
  ) {
    let operands = kernels.operands(layout.precision)
    let transform = layout.word == .pairOfUnits ? operands.winograd_summed_input! : operands.winograd_input!
    withUnsafePointer(to: inputMap) {
      transform($0, map, units.lowerBound, units.count, inputs, frequencyStride, blockStride)
    }
  }

  func transformKernel(
    _ kernel: UnsafePointer<Float>, panel: Int, rows: Range<Int>, into panelRows: UnsafeMutablePointer<Float>,
    frequencyStride: Int, kernels: Kernels
  ) {
    let operands = kernels.operands(layout.precision)
    let transform = turnsKernel ? operands.winograd_turned_kernel! : operands.winograd_kernel!
    transform(
      kernel, layer.inputChannels, layer.outputChannels, panel * BlockedLayout.panelWidth, rows.lowerBound,
      rows.upperBound, panelRows, frequencyStride)
  }

  func transformOutput(
    _ products: UnsafePointer<Float>, _ units: Range<Int>, panel: Int, frequencyStride: Int, _ finish: OutputFinish,
    into map: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    withUnsafePointer(to: outputMap) {
      kernels.table.winograd_output(
        $0, products, frequencyStride, units.lowerBound, units.count, panel * BlockedLayout.panelWidth, finish.bias,
        finish.activation.bounds, finish.accumulates, map)
    }
  }

  func transformOutputGradient(
    _ gradient: UnsafeMutablePointer<Float>, mask: UnsafePointer<Float>?, _ activation: Activation, _ units: Range<Int>,
    into gradients: UnsafeMutablePointer<Float>, frequencyStride: Int, panelStride: Int,
    biasSums: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    withUnsafePointer(to: outputMap) {
      kernels.operands(layout.precision).winograd_output_gradient(
        $0, mask, activation.bounds, gradient, units.lowerBound, units.count, gradients, frequencyStride, panelStride,
        biasSums)
    }
  }

  func transformKernelGradient(
    _ panelRows: UnsafePointer<Float>, panel: Int, rows: Range<Int>, frequencyStride: Int,
    into kernel: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    kernels.table.winograd_kernel_gradient(
      panelRows, frequencyStride, layer.inputChannels, layer.outputChannels, panel * BlockedLayout.panelWidth,
      rows.lowerBound, min(rows.upperBound, layer.inputChannels), kernel)
  }
}
