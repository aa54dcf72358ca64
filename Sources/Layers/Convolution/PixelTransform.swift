import Kernels
import Tensors

/// A pointwise convolution, or its gradient with respect to the input, as one product: a unit is a pixel, whose channels are multiplied with the
/// kernel, or its transpose. The map may still have to be normalised.
struct PixelTransform: DifferentiableTransform {
  let layout: BlockedLayout
  var results: ProductResults { .pixels(channels: channels.written) }
  private let layer: Convolution
  private let channels: (read: Int, written: Int)
  private let imagePixels: Int
  private let isGradient: Bool

  /// The convolution of a map of shape `input` with the layer's kernel.
  init(_ layer: Convolution, input: Shape, word: BlockedLayout.Word) {
    self.init(layer, input: input, word: word, isGradient: false)
  }

  /// The gradient with respect to a map of shape `input`.
  init(gradientOf layer: Convolution, input: Shape, word: BlockedLayout.Word) {
    self.init(layer, input: input, word: word, isGradient: true)
  }

  private init(_ layer: Convolution, input: Shape, word: BlockedLayout.Word, isGradient: Bool) {
    self.layer = layer
    self.isGradient = isGradient
    channels =
      isGradient ? (layer.outputChannels, layer.inputChannels) : (layer.inputChannels, layer.outputChannels)
    imagePixels = input.height * input.width
    layout = BlockedLayout(
      components: 1, units: input.pixels, inputs: channels.read, outputs: channels.written, word: word)
  }

  func transformInput(
    _ map: FeatureMap, _ units: Range<Int>, into inputs: UnsafeMutablePointer<Float>, componentStride: Int,
    blockStride: Int, kernels: Kernels
  ) {
    kernels.maps(layout.precision).pixelBlocks(
      map.tensor.start, channels: channels.read, imageRows: imagePixels, map.reading, rows: units,
      sumsRows: layout.word == .pairOfUnits, into: inputs, blockStride: blockStride)
  }

  func transformKernel(
    _ kernel: UnsafePointer<Float>, panel: Int, rows: Range<Int>, into panelRows: UnsafeMutablePointer<Float>,
    componentStride: Int, kernels: Kernels
  ) {
    kernels.maps(layout.precision).packPanel(
      kernel, rowCount: layer.inputChannels, columnCount: layer.outputChannels,
      firstColumn: panel * BlockedLayout.panelWidth, rows: rows, isTransposed: isGradient, into: panelRows)
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
      rows: rows.lowerBound..<min(rows.upperBound, layer.inputChannels), into: kernel)
  }
}
