import Kernels
import Tensors

/// Winograd's F(n×n, 3×3) for a kernel of 3×3 and stride 1, which multiplies a quarter as often as the definition with n = 4, and less than a
/// fifth as often with n = 6:
///
///     Y = Aᵀ [ Σ_c (G g_c Gᵀ) ⊙ (Bᵀ d_c B) ] A
///
/// A unit is a tile of n×n outputs, a dilation apart, which depend on (n+2)×(n+2) inputs; in between are as many components. The gradient of the input
/// is the convolution of the output's gradient with the turned kernel.
///
/// ### Source
/// Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, CVPR 2016; the interpolation points are in `winograd.inc`.
struct WinogradTransform: DifferentiableTransform, OutputTransform {
  /// Rows and columns of the kernel.
  static let taps = 3

  let layout: BlockedLayout
  var results: ProductResults { .transformed(self) }
  private let layer: Convolution
  private let tile: WinogradTile
  private let tiling: WinogradTiling
  private let turnsKernel: Bool
  private let inputMap: TileMap
  private let outputMap: TileMap

  /// Multiplications for each one of the definition.
  let workRatio: Float

  /// The convolution of a map of shape `input` with the layer's kernel.
  init(_ layer: Convolution, _ tile: WinogradTile, input: Shape, word: BlockedLayout.Word) {
    self.init(
      layer, tile, from: input, to: layer.outputShape(for: input), padding: Self.padding(layer), word: word,
      turnsKernel: false)
  }

  /// The gradient with respect to a map of shape `input`.
  init(gradientOf layer: Convolution, _ tile: WinogradTile, input: Shape, word: BlockedLayout.Word) {
    self.init(
      layer, tile, from: layer.outputShape(for: input), to: input,
      padding: layer.dilation * (layer.kernel - 1) - Self.padding(layer), word: word, turnsKernel: true)
  }

  /// Zeros on every side: with stride 1 the sides differ for no odd kernel.
  private static func padding(_ layer: Convolution) -> Int {
    layer.padding.around(1, extent: layer.dilation * (taps - 1) + 1, stride: 1).before
  }

  private init(
    _ layer: Convolution, _ tile: WinogradTile, from input: Shape, to output: Shape, padding: Int,
    word: BlockedLayout.Word, turnsKernel: Bool
  ) {
    self.layer = layer
    self.tile = tile
    self.turnsKernel = turnsKernel
    tiling = WinogradTiling(covering: output, by: tile, dilation: layer.dilation)
    inputMap = tiling.map(input, padding: padding)
    outputMap = tiling.map(output, padding: padding)
    layout = BlockedLayout(
      components: tile.components, units: output.batch * tiling.tilesPerImage, inputs: input.channels,
      outputs: output.channels, word: word)
    workRatio =
      Float(tiling.componentsPerImage) / Float(output.height * output.width * Self.taps * Self.taps)
  }

  /// Tiles that cover one image.
  var tilesPerImage: Int { tiling.tilesPerImage }
  /// Whether all tiles have n×n outputs, so that windows of pooling lie in one tile.
  var hasFullTiles: Bool { tiling.hasFullTiles }

  func units(component: Int) -> Range<Int> { tiling.tiles(component: component) }

  func transformInput(
    _ map: FeatureMap, _ units: Range<Int>, into inputs: UnsafeMutablePointer<Float>, componentStride: Int,
    blockStride: Int, kernels: Kernels
  ) {
    kernels.maps(layout.precision).winogradInput(
      inputMap, map.values, map.maxima, tiles: units, sumsTiles: layout.word == .pairOfUnits, into: inputs,
      componentStride: componentStride, blockStride: blockStride)
  }

  func transformKernel(
    _ kernel: UnsafePointer<Float>, panel: Int, rows: Range<Int>, into panelRows: UnsafeMutablePointer<Float>,
    componentStride: Int, kernels: Kernels
  ) {
    kernels.maps(layout.precision).winogradKernel(
      tile, kernel, inputs: layer.inputChannels, outputs: layer.outputChannels,
      firstColumn: panel * BlockedLayout.panelWidth, rows: rows, isTurned: turnsKernel, into: panelRows,
      componentStride: componentStride)
  }

  func transformOutput(
    _ products: UnsafePointer<Float>, _ units: Range<Int>, panel: Int, componentStride: Int, _ finish: OutputFinish,
    into map: Tensor, kernels: Kernels
  ) {
    guard case .bounds(let bounds) = finish.normalization.activation, finish.normalization.scale == nil
    else { preconditionFailure("no batch normalisation follows Winograd's algorithm") }
    let kernels = kernels.maps(layout.precision)
    let firstChannel = panel * BlockedLayout.panelWidth
    if let pooling = finish.pooling {
      return kernels.winogradPooledOutput(
        outputMap, pooling, products, componentStride: componentStride, tiles: units, firstChannel: firstChannel,
        bias: finish.normalization.shift, bounds, finish.writing, into: map.start, argmax: finish.argmax)
    }
    kernels.winogradOutput(
      outputMap, products, componentStride: componentStride, tiles: units, firstChannel: firstChannel,
      bias: finish.normalization.shift, bounds, finish.writing, into: map.start)
  }

  func transformOutputGradient(
    _ gradient: Tensor, _ slope: OutputSlope, _ units: Range<Int>,
    into gradients: UnsafeMutablePointer<Float>, componentStride: Int, panelStride: Int,
    biasSums: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    let (output, bounds, maxima): (Tensor?, Bounds, Maxima?)
    switch slope {
    case .activation(let activation, let map): (output, bounds, maxima) = (map, activation.bounds, nil)
    case .maxima(let chosen): (output, bounds, maxima) = (nil, Activation.identity.bounds, chosen)
    case .normalization: preconditionFailure("no batch normalisation follows Winograd's algorithm")
    }
    kernels.maps(layout.precision).winogradOutputGradient(
      outputMap, output: output?.start, bounds, gradient: gradient.start, maxima, tiles: units, into: gradients,
      componentStride: componentStride, panelStride: panelStride, biasSums: biasSums)
  }

  func transformKernelGradient(
    _ panelRows: UnsafePointer<Float>, panel: Int, rows: Range<Int>, componentStride: Int,
    into kernel: UnsafeMutablePointer<Float>, kernels: Kernels
  ) {
    kernels.winogradKernelGradient(
      tile, panelRows, componentStride: componentStride, inputs: layer.inputChannels, outputs: layer.outputChannels,
      firstColumn: panel * BlockedLayout.panelWidth, rows: rows.lowerBound..<min(rows.upperBound, layer.inputChannels),
      into: kernel)
  }
}
