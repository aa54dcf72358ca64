import Kernels
import Tensors

/// A convolution of any geometry as one product: a unit is an output pixel, whose row holds the inputs under the kernel (im2col).
struct ColumnTransform: DifferentiableTransform {
  let layout: BlockedLayout
  var results: ProductResults { .pixels(channels: layer.outputChannels) }
  private let layer: Convolution
  private let geometry: GatherGeometry
  /// Rows of the kernel as a matrix [taps · inputs, outputs].
  private let rowCount: Int

  /// The convolution of a map of shape `input` with the layer's kernel.
  init(_ layer: Convolution, input: Shape, word: BlockedLayout.Word) {
    self.layer = layer
    let output = layer.outputShape(for: input)
    geometry = GatherGeometry(layer, input: input, output: output)
    rowCount = layer.taps * layer.inputChannels
    layout = BlockedLayout(
      components: 1, units: output.pixels, inputs: rowCount, outputs: output.channels, word: word)
  }

  func transformInput(
    _ map: FeatureMap, _ units: Range<Int>, into inputs: UnsafeMutablePointer<Float>, componentStride: Int,
    blockStride: Int, kernels: Kernels
  ) {
    kernels.maps(layout.precision).gatherBlocks(
      geometry, source: map.values, rows: units, sumsRows: layout.word == .pairOfUnits, into: inputs,
      blockStride: blockStride)
  }

  func transformKernel(
    _ kernel: UnsafePointer<Float>, panel: Int, rows: Range<Int>, into panelRows: UnsafeMutablePointer<Float>,
    componentStride: Int, kernels: Kernels
  ) {
    kernels.maps(layout.precision).packPanel(
      kernel, rowCount: rowCount, columnCount: layer.outputChannels, firstColumn: panel * BlockedLayout.panelWidth,
      rows: rows, isTransposed: false, into: panelRows)
  }

  func transformOutputGradient(
    _ gradient: Tensor, _ slope: OutputSlope, _ units: Range<Int>,
    into gradients: UnsafeMutablePointer<Float>, componentStride: Int, panelStride: Int,
    biasSums: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    slope.pack(
      gradient, units, channels: layer.outputChannels, kernels.maps(layout.precision), into: gradients,
      panelStride: panelStride, biasSums: biasSums)
  }

  func transformKernelGradient(
    _ panelRows: UnsafePointer<Float>, panel: Int, rows: Range<Int>, componentStride: Int,
    into kernel: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    kernels.unpackPanel(
      panelRows, columnCount: layer.outputChannels, firstColumn: panel * BlockedLayout.panelWidth,
      rows: rows.lowerBound..<min(rows.upperBound, rowCount), into: kernel)
  }
}

/// The gradient of a convolution of any geometry with respect to its input, as a product for each tap: a unit is an output pixel, whose
/// products are added to the inputs under the kernel. Nothing is multiplied that the definition does not multiply, whatever the stride.
struct ScatterTransform: ConvolutionTransform, OutputTransform {
  let layout: BlockedLayout
  var results: ProductResults { .transformed(self) }
  private let layer: Convolution
  private let images: Int
  private let geometry: GatherGeometry
  /// Every pixel by itself: what is read needs no gathering.
  private let pixels: GatherGeometry

  /// The gradient with respect to a map of shape `input`.
  init(gradientOf layer: Convolution, input: Shape, word: BlockedLayout.Word) {
    self.layer = layer
    let output = layer.outputShape(for: input)
    images = input.batch
    geometry = GatherGeometry(layer, input: input, output: output)
    pixels = GatherGeometry(
      source: (output.height, output.width, output.channels), target: (output.height, output.width), kernel: 1)
    layout = BlockedLayout(
      components: layer.taps, units: output.pixels, inputs: output.channels, outputs: input.channels,
      word: word, sharesInput: true)
  }

  func transformInput(
    _ map: FeatureMap, _ units: Range<Int>, into inputs: UnsafeMutablePointer<Float>, componentStride: Int,
    blockStride: Int, kernels: Kernels
  ) {
    kernels.maps(layout.precision).gatherBlocks(
      pixels, source: map.values, rows: units, sumsRows: false, into: inputs, blockStride: blockStride)
  }

  func transformKernel(
    _ kernel: UnsafePointer<Float>, panel: Int, rows: Range<Int>, into panelRows: UnsafeMutablePointer<Float>,
    componentStride: Int, kernels: Kernels
  ) {
    for tap in 0..<layer.taps {
      kernels.maps(layout.precision).packPanel(
        kernel + tap * layer.inputChannels * layer.outputChannels, rowCount: layer.inputChannels,
        columnCount: layer.outputChannels, firstColumn: panel * BlockedLayout.panelWidth, rows: rows,
        isTransposed: true,
        into: panelRows + tap * componentStride)
    }
  }

  func transformOutput(
    _ products: UnsafePointer<Float>, _ units: Range<Int>, panel: Int, componentStride: Int, _ finish: OutputFinish,
    into map: Tensor, kernels: Kernels
  ) {
    kernels.maps(layout.precision).scatterPanel(
      geometry, products, tapStride: componentStride, rows: units, firstChannel: panel * BlockedLayout.panelWidth,
      images: images, accumulates: finish.writing == .adds || units.lowerBound > 0, into: map.start)
  }
}

extension OutputSlope {
  /// The gradients of the sums of `units` pixels as panels of a right operand; they replace those of the output.
  func pack(
    _ gradient: Tensor, _ units: Range<Int>, channels: Int, _ kernels: MapKernels,
    into panels: UnsafeMutablePointer<Float>, panelStride: Int, biasSums: UnsafeMutablePointer<Float>
  ) {
    let at = units.lowerBound * channels
    switch self {
    case .activation(let activation, let output):
      kernels.packOutputGradient(
        rows: units.count, channels: channels, output: output.map { UnsafeRawPointer($0.at(at)) }, activation.bounds,
        gradient: gradient.at(at), into: panels, panelStride: panelStride, biasSums: biasSums)
    case .normalization(let normalization, let z):
      kernels.packNormalizedGradient(
        rows: units.count, channels: channels, z.at(at), normalization, outputGradient: gradient.at(at),
        into: gradient.at(at), panels: panels, panelStride: panelStride, biasSums: biasSums)
    case .maxima: preconditionFailure("only Winograd's algorithm pools its output")
    }
  }
}

extension FeatureMap {
  /// The values of a map that is as it should be.
  var values: UnsafeMutableRawPointer {
    precondition(reading == nil, "a map that is still to be normalised")
    return tensor.start
  }
}

extension GatherGeometry {
  /// Output pixels as rows, the inputs under the kernel as columns.
  fileprivate init(_ layer: Convolution, input: Shape, output: Shape) {
    self.init(
      source: (input.height, input.width, input.channels), target: (output.height, output.width), kernel: layer.kernel,
      up: layer.stride, offset: (y: -layer.paddingBefore(input).y, x: -layer.paddingBefore(input).x),
      step: layer.dilation)
  }
}
