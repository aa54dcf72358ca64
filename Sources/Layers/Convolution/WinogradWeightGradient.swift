import CKernels
import Tensors

/// The gradients of a kernel and its bias, by the transpose of Winograd's algorithm:
///
///     dM = A dY Aᵀ        dU = Σ_tiles (Bᵀ d B) ⊙ dM        dg = Gᵀ dU G        dbias = Σ_pixels dY
///
/// The sums over tiles are, for each of 36 frequencies, a matrix product [inputs, tiles] · [tiles, outputs]. Where the kernel is small,
/// threads share parts of the tiles, whose sums are added in order; where it is large, they share frequencies and panels.
struct WinogradWeightGradient {
  let tiling: WinogradTiling
  let layer: Convolution

  /// Bytes of a transformed kernel of which every part can have its own.
  private static let smallKernelBytes = 3 << 20
  /// Floats of a block of transformed tiles of one thread.
  private static let privateBlockCount = 128 << 10
  /// Floats of a block of transformed tiles that threads share: 16 MiB of the last-level cache.
  private static let sharedBlockCount = 4 << 20
  /// Parts that keep eight threads busy without much imbalance.
  private static let partGoal = 16
  private static let tilesPerTask = 8
  private static let kernelRowsPerTask = 32

  private var sharesTiles: Bool { kernelCount * MemoryLayout<Float>.stride <= Self.smallKernelBytes }

  private var kernelCount: Int { WinogradTiling.frequencies * tiling.kernelStride }

  /// Tiles of a block: a function of the shape alone.
  private var blockTiles: Int {
    let perTile = WinogradTiling.frequencies * (tiling.kernelRows + tiling.panels * 32)
    let goal = (sharesTiles ? Self.privateBlockCount : Self.sharedBlockCount) / perTile
    return min(tiling.tiles, max(16, goal))
  }

  private var parts: Int { max(1, min(Self.partGoal, tiling.tiles / max(blockTiles, 1))) }
  private var biasParts: Int { sharesTiles ? parts : (tiling.tiles + Self.tilesPerTask - 1) / Self.tilesPerTask }
  private var biasCount: Int { (biasParts * layer.outputChannels + 15) / 16 * 16 }
  private var inputCount: Int { WinogradTiling.frequencies * tiling.inputStride(tiles: blockTiles) }
  private var gradientCount: Int { WinogradTiling.frequencies * tiling.outputStride(tiles: blockTiles) }

  /// Floats of scratch.
  var scratch: ScratchSize {
    sharesTiles
      ? ScratchSize(perWorker: inputCount + gradientCount, common: biasCount + parts * kernelCount)
      : ScratchSize(common: biasCount + kernelCount + inputCount + gradientCount)
  }

  /// Sets both gradients of the parameters; masks the output gradient by the ReLU.
  func run(_ pass: BackwardPass, context: ExecutionContext) {
    let bias = context.scratch
    bias.update(repeating: 0, count: biasCount)
    if sharesTiles { shareTiles(pass, context) } else { sharePanels(pass, context) }
    sumParts(bias, parts: biasParts, into: pass.parameterGradients[layer.bias], context: context)
  }

  private func shareTiles(_ pass: BackwardPass, _ context: ExecutionContext) {
    let sums = context.scratch + biasCount
    context.pool.forEach(parts) { part, worker in
      let inputs = context.scratch(worker: worker)
      let gradients = inputs + inputCount
      let tiles = tiling.tiles * part / parts..<tiling.tiles * (part + 1) / parts
      for first in Swift.stride(from: tiles.lowerBound, to: tiles.upperBound, by: blockTiles) {
        let block = first..<min(first + blockTiles, tiles.upperBound)
        transform(pass, block, of: block, inputs: inputs, gradients: gradients, biasPart: part, context)
        for frequency in 0..<WinogradTiling.frequencies {
          for panel in 0..<tiling.panels {
            multiply(
              inputs, gradients, tiles: block.count, frequency: frequency, panel: panel,
              accumulates: first > tiles.lowerBound, into: sums + part * kernelCount, context)
          }
        }
      }
    }
    finish(sums, parts: parts, pass, context)
  }

  private func sharePanels(_ pass: BackwardPass, _ context: ExecutionContext) {
    let sums = context.scratch + biasCount
    let inputs = sums + kernelCount
    let gradients = inputs + inputCount
    for first in Swift.stride(from: 0, to: tiling.tiles, by: blockTiles) {
      let block = first..<min(first + blockTiles, tiling.tiles)
      context.pool.forEachRange(block.count, grain: Self.tilesPerTask) { range, _ in
        let tiles = first + range.lowerBound..<first + range.upperBound
        transform(
          pass, tiles, of: block, inputs: inputs, gradients: gradients, biasPart: tiles.lowerBound / Self.tilesPerTask,
          context)
      }
      context.pool.forEach(WinogradTiling.frequencies * tiling.panels) { task, _ in
        multiply(
          inputs, gradients, tiles: block.count, frequency: task / tiling.panels, panel: task % tiling.panels,
          accumulates: first > 0, into: sums, context)
      }
    }
    finish(sums, parts: 1, pass, context)
  }

  /// Transforms tiles of a block and their gradients into the block's memory.
  private func transform(
    _ pass: BackwardPass, _ tiles: Range<Int>, of block: Range<Int>, inputs: UnsafeMutablePointer<Float>,
    gradients: UnsafeMutablePointer<Float>, biasPart: Int, _ context: ExecutionContext
  ) {
    var (input, output) = (tiling.inputMap, tiling.outputMap)
    let at = tiles.lowerBound - block.lowerBound
    context.kernels.table.winograd_input(
      &input, pass.input.data, tiles.lowerBound, tiles.count, inputs + tiling.blockStride(tiles: at),
      tiling.inputStride(tiles: block.count), tiling.blockStride(tiles: block.count))
    context.kernels.table.winograd_output_gradient(
      &output, pass.output.data, layer.rectifies, pass.outputGradient.data, tiles.lowerBound, tiles.count,
      gradients + at * 32, tiling.outputStride(tiles: block.count), block.count * 32,
      context.scratch + biasPart * layer.outputChannels)
  }

  private func multiply(
    _ inputs: UnsafeMutablePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, tiles: Int, frequency: Int,
    panel: Int,
    accumulates: Bool, into sums: UnsafeMutablePointer<Float>, _ context: ExecutionContext
  ) {
    context.kernels.table.multiply_transposed_panel(
      tiling.blocks, tiles, inputs + frequency * tiling.inputStride(tiles: tiles), tiling.blockStride(tiles: tiles),
      gradients + frequency * tiling.outputStride(tiles: tiles) + panel * tiles * 32, accumulates,
      sums + frequency * tiling.kernelStride + panel * tiling.kernelPanelCount)
  }

  /// Adds the parts in order and transforms the sum to the gradient of the kernel.
  private func finish(
    _ sums: UnsafeMutablePointer<Float>, parts: Int, _ pass: BackwardPass, _ context: ExecutionContext
  ) {
    let gradient = pass.parameterGradients[layer.weight].baseAddress!
    let table = context.kernels.table
    context.pool.forEachRange(tiling.kernelRows, grain: Self.kernelRowsPerTask) { rows, _ in
      for panel in 0..<tiling.panels {
        let at = sums + panel * tiling.kernelPanelCount + rows.lowerBound * 32
        for part in Swift.stride(from: 1, to: parts, by: 1) {
          for frequency in 0..<WinogradTiling.frequencies {
            let place = at + frequency * tiling.kernelStride
            table.add(rows.count * 32, place + part * kernelCount, place)
          }
        }
        table.winograd_kernel_gradient(
          at, tiling.kernelStride, layer.inputChannels, layer.outputChannels, tiling.firstChannel(ofPanel: panel),
          rows.lowerBound, min(rows.upperBound, layer.inputChannels), gradient)
      }
    }
  }
}
