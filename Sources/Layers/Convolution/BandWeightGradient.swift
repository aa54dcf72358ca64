import Kernels
import Tensors

/// The gradients of a kernel and its bias by tiles: for each tap, the product of a map's pixels under it, turned, with the pixels of the
/// output's gradient in pairs.
///
/// Where the kernel is small, threads share parts of the bands, whose sums are added in order; where it is large, they share panels of outputs
/// and lines of inputs.
struct BandWeightGradient {
  private let tiling: BandTiling
  private let layer: Convolution

  /// Bytes of a kernel of which every part can have its own.
  private static let smallKernelBytes = 3 << 20
  /// Pixels of a band: enough that sums are seldom fetched, few enough for the second-level cache.
  private static let pixelGoal = 1024
  /// Bytes of bands and gradients that threads share.
  private static let sharedBytes = 16 << 20
  /// Parts that keep eight threads busy without much imbalance.
  private static let partGoal = 16

  init(_ layer: Convolution, input: Shape, padding: Int) {
    self.layer = layer
    let geometry = BandGeometry(
      map: (input.height, input.width, input.channels), kernel: layer.kernel, dilation: layer.dilation, padding: padding
    )
    tiling = BandTiling(geometry, images: input.batch, rowGoal: Self.pixelGoal / geometry.columns)
  }

  private var geometry: BandGeometry { tiling.geometry }
  private var outputs: Int { layer.outputChannels }
  private var panels: Int { (outputs + TileKernels.lineWidth - 1) / TileKernels.lineWidth }

  // MARK: Sizes, in words

  /// Pixels of a band's gradient.
  private var pixels: Int { tiling.pixels(rows: tiling.rows) }
  /// Pixels of a turned band.
  private var turnedPixels: Int {
    let (step, count) = (TileKernels.pixelStep, pixels + geometry.reach)
    return (count + step - 1) / step * step
  }
  private var bandCount: Int { geometry.pixels(rows: tiling.rows + geometry.extraRows) * geometry.pixelStride / 2 }
  private var lineCount: Int { TileKernels.lineWidth * turnedPixels / 2 }
  private var turnedCount: Int { geometry.lines * lineCount }
  private var panelCount: Int { TileKernels.pairCount(pixels: pixels) * TileKernels.lineWidth }
  /// From pairs that begin at even pixels to those that begin at odd ones.
  private var odd: Int { panels * panelCount }
  private var gradientCount: Int { 2 * odd }
  private var tapCount: Int { geometry.channels * TileKernels.lineWidth }
  private var kernelCount: Int { panels * geometry.taps * tapCount }

  private var sharesBands: Bool { kernelCount * MemoryLayout<Float>.stride <= Self.smallKernelBytes }
  private var parts: Int { sharesBands ? min(Self.partGoal, tiling.count) : 1 }
  private var biasCount: Int { ((sharesBands ? parts : tiling.count) * outputs + 15) / 16 * 16 }
  /// Bands that are multiplied at once.
  private var blockBands: Int {
    let bytes = (turnedCount + gradientCount) * MemoryLayout<Float>.stride
    return sharesBands ? 1 : min(tiling.count, max(1, Self.sharedBytes / bytes))
  }

  /// Multiply–adds of a pass.
  var multiplyAdds: Int {
    tiling.count * pixels * geometry.taps * geometry.channels * panels * TileKernels.lineWidth
  }

  /// Floats of scratch.
  var scratch: ScratchSize {
    let operands = blockBands * (turnedCount + gradientCount)
    return sharesBands
      ? ScratchSize(floatsPerWorker: bandCount + operands, commonFloats: biasCount + parts * kernelCount)
      : ScratchSize(floatsPerWorker: bandCount, commonFloats: biasCount + kernelCount + operands)
  }

  /// Sets the gradients of the variables, and replaces the output gradient by that of the sums.
  func run(_ pass: BackwardPass) {
    let context = pass.context
    let bias = context.scratch
    bias.update(repeating: 0, count: biasCount)
    let sums = bias + biasCount
    if sharesBands { shareBands(pass, into: sums) } else { sharePanels(pass, into: sums) }
    if let variable = layer.bias {
      sumParts(bias, parts: sharesBands ? parts : tiling.count, into: pass.gradients[variable], context: context)
    }
    finish(sums, pass)
  }

  private func shareBands(_ pass: BackwardPass, into sums: UnsafeMutablePointer<Float>) {
    pass.context.pool.forEach(parts) { part, worker in
      let band = pass.context.scratch(worker: worker)
      let turned = band + bandCount
      let gradients = turned + turnedCount
      let places = (0..<tiling.count).part(part, of: parts)
      for place in places {
        lay(place, pass, band: band, turned: turned, gradients: gradients, biasPart: part)
        for panel in 0..<panels {
          for line in 0..<geometry.lines {
            multiply(
              1, turned, gradients, panel: panel, line: line, accumulates: place > places.lowerBound,
              into: sums + part * kernelCount, pass.context)
          }
        }
      }
    }
  }

  private func sharePanels(_ pass: BackwardPass, into sums: UnsafeMutablePointer<Float>) {
    let turned = sums + kernelCount
    let gradients = turned + blockBands * turnedCount
    for first in stride(from: 0, to: tiling.count, by: blockBands) {
      let count = min(blockBands, tiling.count - first)
      pass.context.pool.forEach(count) { at, worker in
        lay(
          first + at, pass, band: pass.context.scratch(worker: worker), turned: turned + at * turnedCount,
          gradients: gradients + at * gradientCount, biasPart: first + at)
      }
      pass.context.pool.forEach(panels * geometry.lines) { task, _ in
        multiply(
          count, turned, gradients, panel: task / geometry.lines, line: task % geometry.lines, accumulates: first > 0,
          into: sums, pass.context)
      }
    }
  }

  /// Lays out a band and its gradient.
  private func lay(
    _ place: Int, _ pass: BackwardPass, band: UnsafeMutablePointer<Float>, turned: UnsafeMutablePointer<Float>,
    gradients: UnsafeMutablePointer<Float>, biasPart: Int
  ) {
    let tiles = pass.context.kernels.tiles!
    let (image, rows) = tiling.band(place)
    tiling.lay(place, of: pass.input, into: band, tiles)
    let laid = geometry.pixels(rows: rows.count + geometry.extraRows)
    for line in 0..<geometry.lines {
      tiles.turnBand(
        geometry, band, pixels: laid, line: line, turnedPixels: turnedPixels, into: turned + line * lineCount)
    }
    let (height, width) = geometry.output
    let at = (image * height + rows.lowerBound) * width * outputs
    tiles.pairGradientBand(
      geometry, rows: rows.count, channels: outputs, output: layer.mask(pass).map { UnsafeRawPointer($0.at(at)) },
      layer.activation.bounds, gradient: pass.outputGradient.at(at), pixels: pixels, into: gradients,
      panelStride: panelCount, odd: odd, biasSums: pass.context.scratch + biasPart * outputs)
  }

  private func multiply(
    _ bands: Int, _ turned: UnsafeMutablePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, panel: Int,
    line: Int,
    accumulates: Bool, into sums: UnsafeMutablePointer<Float>, _ context: ExecutionContext
  ) {
    context.kernels.tiles!.multiplyBands(
      geometry, bands: bands, turned: turned + line * lineCount, turnedStride: 2 * turnedCount,
      panel: gradients + panel * panelCount, bandStride: gradientCount, odd: odd, pixels: pixels,
      columns: min(TileKernels.lineWidth, outputs - panel * TileKernels.lineWidth), accumulates: accumulates,
      into: sums + panel * geometry.taps * tapCount + line * TileKernels.lineWidth * TileKernels.lineWidth,
      tapStride: tapCount)
  }

  /// Adds the parts in order, and lays the sum out as the kernel is.
  private func finish(_ sums: UnsafeMutablePointer<Float>, _ pass: BackwardPass) {
    let gradient = pass.gradients[layer.weight].baseAddress!
    pass.context.pool.forEach(panels * geometry.taps) { task, _ in
      let (panel, tap) = (task / geometry.taps, task % geometry.taps)
      let at = sums + task * tapCount
      for part in stride(from: 1, to: parts, by: 1) {
        pass.context.kernels.add(at + part * kernelCount, to: at, count: tapCount)
      }
      pass.context.kernels.unpackPanel(
        at, columnCount: outputs, firstColumn: panel * TileKernels.lineWidth, rows: 0..<layer.inputChannels,
        into: gradient + tap * layer.inputChannels * outputs)
    }
  }
}
