import CKernels
import Tensors

/// One map convolved with a kernel, or with the turned kernel, by Winograd's algorithm:
///
///     Y = Aᵀ [ Σ_c (G g_c Gᵀ) ⊙ (Bᵀ d_c B) ] A
///
/// The sums over channels are, for each of 36 frequencies, a matrix product [tiles, inputs] · [inputs, outputs]. Small kernels are
/// transformed first, and threads then share the tiles. Large ones would leave the cache: there a block of tiles is transformed first,
/// threads share the panels of output channels, and each transforms the panel of the kernel that it needs.
struct WinogradProduct {
  let tiling: WinogradTiling
  let layer: Convolution
  let turnsKernel: Bool

  /// Bytes of a transformed kernel that are small: a part of the last-level cache.
  private static let smallKernelBytes = 6 << 20
  /// Floats of a block of transformed tiles of one thread: they are to stay in its second-level cache.
  private static let privateBlockCount = 100 << 10
  /// Floats of a block of transformed tiles that threads share: 12 MiB of the last-level cache.
  private static let sharedBlockCount = 3 << 20
  /// Tiles that a thread transforms at a time.
  private static let tilesPerTask = 8
  private static let kernelRowsPerTask = 64

  private var sharesKernel: Bool {
    WinogradTiling.frequencies * tiling.kernelStride * MemoryLayout<Float>.stride <= Self.smallKernelBytes
  }

  /// Tiles of a block: a function of the shape alone.
  private var blockTiles: Int {
    let perTile = WinogradTiling.frequencies * tiling.kernelRows
    let goal = (sharesKernel ? Self.privateBlockCount : Self.sharedBlockCount) / perTile
    return min(tiling.tiles, max(28, goal / 14 * 14))
  }

  /// Floats of scratch.
  var scratch: ScratchSize {
    let frequencies = WinogradTiling.frequencies
    let tiles = blockTiles
    let (inputs, products) = (
      frequencies * tiling.inputStride(tiles: tiles), frequencies * tiling.panelStride(tiles: tiles)
    )
    return sharesKernel
      ? ScratchSize(perWorker: inputs + products, common: frequencies * tiling.kernelStride)
      : ScratchSize(perWorker: products + frequencies * tiling.kernelPanelStride, common: inputs)
  }

  /// output = f(input * kernel + bias), or added to what is there.
  func run(
    _ input: Tensor, weights: ParameterArena, bias: UnsafePointer<Float>?, rectifies: Bool, accumulates: Bool,
    into output: Tensor, context: ExecutionContext
  ) {
    let pass = Pass(
      input: input, output: output, kernel: weights[layer.weight].baseAddress!, bias: bias, rectifies: rectifies,
      accumulates: accumulates, context: context)
    if sharesKernel { shareTiles(pass) } else { sharePanels(pass) }
  }

  private struct Pass {
    let input: Tensor
    let output: Tensor
    let kernel: UnsafeMutablePointer<Float>
    let bias: UnsafePointer<Float>?
    let rectifies: Bool
    let accumulates: Bool
    let context: ExecutionContext
  }

  private func shareTiles(_ pass: Pass) {
    let context = pass.context
    let kernel = context.scratch
    let rowTasks = (tiling.kernelRows + Self.kernelRowsPerTask - 1) / Self.kernelRowsPerTask
    context.pool.forEach(tiling.panels * rowTasks) { task, _ in
      let (panel, first) = (task / rowTasks, task % rowTasks * Self.kernelRowsPerTask)
      let rows = first..<min(first + Self.kernelRowsPerTask, tiling.kernelRows)
      transformKernel(
        pass, panel: panel, rows: rows, into: kernel + panel * tiling.kernelPanelCount + first * 32,
        stride: tiling.kernelStride)
    }
    context.pool.forEachRange(tiling.tiles, grain: blockTiles) { range, worker in
      let inputs = context.scratch(worker: worker)
      let products = inputs + WinogradTiling.frequencies * tiling.inputStride(tiles: range.count)
      transformInput(pass, range, of: range, into: inputs)
      for panel in 0..<tiling.panels {
        multiply(
          inputs, tiles: range, panel: panel, kernel: kernel + panel * tiling.kernelPanelCount,
          stride: tiling.kernelStride, products: products, pass)
      }
    }
  }

  private func sharePanels(_ pass: Pass) {
    let context = pass.context
    let inputs = context.scratch
    for first in Swift.stride(from: 0, to: tiling.tiles, by: blockTiles) {
      let block = first..<min(first + blockTiles, tiling.tiles)
      context.pool.forEachRange(block.count, grain: Self.tilesPerTask) { range, _ in
        transformInput(pass, first + range.lowerBound..<first + range.upperBound, of: block, into: inputs)
      }
      context.pool.forEach(tiling.panels) { panel, worker in
        let kernel = context.scratch(worker: worker)
        let products = kernel + WinogradTiling.frequencies * tiling.kernelPanelStride
        transformKernel(
          pass, panel: panel, rows: 0..<tiling.kernelRows, into: kernel, stride: tiling.kernelPanelStride)
        multiply(
          inputs, tiles: block, panel: panel, kernel: kernel, stride: tiling.kernelPanelStride, products: products,
          pass)
      }
    }
  }

  private func transformKernel(
    _ pass: Pass, panel: Int, rows: Range<Int>, into kernel: UnsafeMutablePointer<Float>, stride: Int
  ) {
    let table = pass.context.kernels.table
    let transform = turnsKernel ? table.winograd_turned_kernel! : table.winograd_kernel!
    transform(
      pass.kernel, layer.inputChannels, layer.outputChannels, tiling.firstChannel(ofPanel: panel), rows.lowerBound,
      rows.upperBound, kernel, stride)
  }

  /// Transforms the tiles `range` of a block into the block's memory.
  private func transformInput(
    _ pass: Pass, _ range: Range<Int>, of block: Range<Int>, into inputs: UnsafeMutablePointer<Float>
  ) {
    var map = tiling.inputMap
    pass.context.kernels.table.winograd_input(
      &map, pass.input.data, range.lowerBound, range.count,
      inputs + tiling.blockStride(tiles: range.lowerBound - block.lowerBound),
      tiling.inputStride(tiles: block.count), tiling.blockStride(tiles: block.count))
  }

  /// Multiplies a block of tiles with one panel of the kernel, and transforms the products to outputs.
  private func multiply(
    _ inputs: UnsafeMutablePointer<Float>, tiles: Range<Int>, panel: Int, kernel: UnsafeMutablePointer<Float>,
    stride: Int,
    products: UnsafeMutablePointer<Float>, _ pass: Pass
  ) {
    let table = pass.context.kernels.table
    let (inputStride, blockStride) = (tiling.inputStride(tiles: tiles.count), tiling.blockStride(tiles: tiles.count))
    let productStride = tiling.panelStride(tiles: tiles.count)
    for frequency in 0..<WinogradTiling.frequencies {
      table.multiply_panel(
        tiles.count, tiling.blocks, inputs + frequency * inputStride, blockStride, kernel + frequency * stride, false,
        products + frequency * productStride)
    }
    var map = tiling.outputMap
    table.winograd_output(
      &map, products, productStride, tiles.lowerBound, tiles.count, tiling.firstChannel(ofPanel: panel), pass.bias,
      pass.rectifies, pass.accumulates, pass.output.data)
  }
}
