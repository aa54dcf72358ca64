import CKernels
import Kernels
import Tensors

/// A convolution of any geometry as one product: a unit is an output pixel, whose row holds the inputs under the kernel (im2col).
struct ColumnTransform: DifferentiableTransform {
  let layout: BlockedLayout
  private let layer: Convolution
  private let geometry: ck_gather_geometry
  /// Rows of the kernel as a matrix [taps · inputs, outputs].
  private let rowCount: Int

  /// The convolution of a map of shape `input` with the layer's kernel.
  init(_ layer: Convolution, input: Shape, word: BlockedLayout.Word) {
    self.layer = layer
    let output = layer.outputShape(for: input)
    geometry = ck_gather_geometry(layer, input: input, output: output)
    rowCount = layer.taps * layer.inputChannels
    layout = BlockedLayout(
      frequencies: 1, units: output.pixels, inputs: rowCount, outputs: output.channels, word: word)
  }

  func transformInput(
    _ map: UnsafePointer<Float>, _ units: Range<Int>, into inputs: UnsafeMutablePointer<Float>, frequencyStride: Int,
    blockStride: Int, kernels: Kernels
  ) {
    let operands = kernels.operands(layout.precision)
    let gather = layout.word == .pairOfUnits ? operands.gather_summed_blocks! : operands.gather_blocks!
    withUnsafePointer(to: geometry) {
      gather($0, map, units.lowerBound, units.upperBound, inputs, blockStride)
    }
  }

  func transformKernel(
    _ kernel: UnsafePointer<Float>, panel: Int, rows: Range<Int>, into panelRows: UnsafeMutablePointer<Float>,
    frequencyStride: Int, kernels: Kernels
  ) {
    kernels.operands(layout.precision).pack_panel(
      kernel, rowCount, layer.outputChannels, panel * BlockedLayout.panelWidth, rows.lowerBound, rows.upperBound,
      panelRows)
  }

  func transformOutput(
    _ products: UnsafePointer<Float>, _ units: Range<Int>, panel: Int, frequencyStride: Int, _ finish: OutputFinish,
    into map: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    kernels.table.panel_output(
      units.count, layer.outputChannels, panel * BlockedLayout.panelWidth, products, finish.bias,
      finish.activation.bounds,
      map + units.lowerBound * layer.outputChannels)
  }

  func transformOutputGradient(
    _ gradient: UnsafeMutablePointer<Float>, mask: UnsafePointer<Float>?, _ activation: Activation, _ units: Range<Int>,
    into gradients: UnsafeMutablePointer<Float>, frequencyStride: Int, panelStride: Int,
    biasSums: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    let at = units.lowerBound * layer.outputChannels
    kernels.operands(layout.precision).panel_output_gradient(
      units.count, layer.outputChannels, mask.map { $0 + at }, activation.bounds, gradient + at, gradients, panelStride,
      biasSums)
  }

  func transformKernelGradient(
    _ panelRows: UnsafePointer<Float>, panel: Int, rows: Range<Int>, frequencyStride: Int,
    into kernel: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    kernels.table.unpack_panel(
      panelRows, layer.outputChannels, panel * BlockedLayout.panelWidth, rows.lowerBound,
      min(rows.upperBound, rowCount), kernel)
  }
}

/// The gradient of a convolution of any geometry with respect to its input, as a product for each tap: a unit is an output pixel, whose
/// products are added to the inputs under the kernel. Nothing is multiplied that the definition does not multiply, whatever the stride.
struct ScatterTransform: ConvolutionTransform {
  let layout: BlockedLayout
  private let layer: Convolution
  private let images: Int
  private let geometry: ck_gather_geometry
  /// Every pixel by itself: what is read needs no gathering.
  private let pixels: ck_gather_geometry

  /// The gradient with respect to a map of shape `input`.
  init(gradientOf layer: Convolution, input: Shape, word: BlockedLayout.Word) {
    self.layer = layer
    let output = layer.outputShape(for: input)
    images = input.batch
    geometry = ck_gather_geometry(layer, input: input, output: output)
    pixels = ck_gather_geometry(
      source_height: output.height, source_width: output.width, channels: output.channels, target_height: output.height,
      target_width: output.width, kernel_height: 1, kernel_width: 1, up_y: 1, up_x: 1, down_y: 1, down_x: 1,
      offset_y: 0, offset_x: 0, step_y: 1, step_x: 1)
    layout = BlockedLayout(
      frequencies: layer.taps, units: output.pixels, inputs: output.channels, outputs: input.channels,
      word: word, sharesInput: true)
  }

  func transformInput(
    _ map: UnsafePointer<Float>, _ units: Range<Int>, into inputs: UnsafeMutablePointer<Float>, frequencyStride: Int,
    blockStride: Int, kernels: Kernels
  ) {
    withUnsafePointer(to: pixels) {
      kernels.operands(layout.precision).gather_blocks($0, map, units.lowerBound, units.upperBound, inputs, blockStride)
    }
  }

  func transformKernel(
    _ kernel: UnsafePointer<Float>, panel: Int, rows: Range<Int>, into panelRows: UnsafeMutablePointer<Float>,
    frequencyStride: Int, kernels: Kernels
  ) {
    for tap in 0..<layer.taps {
      kernels.operands(layout.precision).pack_transposed_panel(
        kernel + tap * layer.inputChannels * layer.outputChannels, layer.inputChannels, layer.outputChannels,
        panel * BlockedLayout.panelWidth, rows.lowerBound, rows.upperBound, panelRows + tap * frequencyStride)
    }
  }

  func transformOutput(
    _ products: UnsafePointer<Float>, _ units: Range<Int>, panel: Int, frequencyStride: Int, _ finish: OutputFinish,
    into map: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    withUnsafePointer(to: geometry) {
      kernels.table.scatter_panel(
        $0, products, frequencyStride, units.lowerBound, units.upperBound, panel * BlockedLayout.panelWidth, images,
        finish.accumulates || units.lowerBound > 0, map)
    }
  }
}

extension ck_gather_geometry {
  /// Output pixels as rows, the inputs under the kernel as columns.
  fileprivate init(_ layer: Convolution, input: Shape, output: Shape) {
    self.init(
      source_height: input.height, source_width: input.width, channels: input.channels, target_height: output.height,
      target_width: output.width, kernel_height: layer.kernel, kernel_width: layer.kernel, up_y: layer.stride,
      up_x: layer.stride, down_y: 1, down_x: 1, offset_y: -layer.padding, offset_x: -layer.padding,
      step_y: layer.dilation, step_x: layer.dilation)
  }
}
