import Kernels
import Tensors

/// One map convolved with a kernel, or its turned one, by tiles: bands of rows are copied with their padding, and every panel of output
/// channels multiplied with them. A band stays in the second-level cache.
struct BandProduct {
  private let tiling: BandTiling
  private let layer: Convolution
  private let turnsKernel: Bool
  /// Channels of the map that is written.
  private let outputs: Int

  /// Bytes of a band: half of what a second-level cache of 1 MiB holds.
  private static let bandBytes = 512 << 10
  /// Bands that keep several threads busy without much imbalance; of fewer, threads share the panels too.
  private static let taskGoal = 24

  /// - Parameters:
  ///   - map: what is read.
  ///   - padding: zeros on every side.
  ///   - turnsKernel: whether the kernel is turned by half a turn, with the roles of inputs and outputs exchanged.
  init(_ layer: Convolution, from map: Shape, padding: Int, outputs: Int, turnsKernel: Bool) {
    let geometry = BandGeometry(
      map: (map.height, map.width, map.channels), kernel: layer.kernel, dilation: layer.dilation, padding: padding)
    let rowBytes = geometry.columns * geometry.pixelStride * Precision.bfloat16.byteCount
    tiling = BandTiling(
      geometry, images: map.batch, rowGoal: Self.bandBytes / rowBytes - geometry.extraRows)
    (self.layer, self.outputs, self.turnsKernel) = (layer, outputs, turnsKernel)
  }

  private var geometry: BandGeometry { tiling.geometry }
  private var panels: Int { (outputs + TileKernels.lineWidth - 1) / TileKernels.lineWidth }
  /// Words of a line of inputs under a tap.
  private var tapCount: Int { TileKernels.lineWidth / 2 * TileKernels.lineWidth }
  private var panelCount: Int { geometry.lines * geometry.taps * tapCount }
  /// Words of a band.
  private var bandCount: Int {
    let pixels = tiling.pixels(rows: tiling.rows) + geometry.reach
    return pixels * geometry.pixelStride / 2
  }
  private var sharesPanels: Bool { tiling.count < Self.taskGoal }

  /// Multiply–adds of a pass.
  var multiplyAdds: Int {
    tiling.count * tiling.pixels(rows: tiling.rows) * geometry.taps * geometry.channels * panels * TileKernels.lineWidth
  }

  /// Floats of scratch.
  var scratch: ScratchSize {
    sharesPanels
      ? ScratchSize(commonFloats: panels * panelCount + tiling.count * bandCount)
      : ScratchSize(floatsPerWorker: bandCount, commonFloats: panels * panelCount)
  }

  /// output = the convolution + bias, kept in bounds.
  func run(
    _ input: FeatureMap, kernel: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, _ bounds: Bounds,
    _ writing: MapWriting, into output: Tensor, context: ExecutionContext
  ) {
    let tiles = context.kernels.tiles!
    let panels = panels
    let prepared = context.preparedKernels?.entry(for: kernel, count: panels * panelCount)
    let packed = prepared?.start ?? context.scratch
    context.pool.forEach(prepared?.isReady == true ? 0 : panels * geometry.lines) { task, _ in
      pack(kernel, panel: task / geometry.lines, line: task % geometry.lines, into: packed, context.kernels)
    }
    func convolve(_ place: Int, _ band: UnsafeMutablePointer<Float>, panel: Int) {
      let (image, rows) = tiling.band(place)
      let (height, width) = geometry.output
      tiles.convolveBand(
        geometry, band, panel: packed + panel * panelCount, rows: rows.count, channels: outputs,
        firstChannel: panel * TileKernels.lineWidth, bias: bias, bounds, writing,
        into: output.at((image * height + rows.lowerBound) * width * outputs))
    }
    guard sharesPanels else {
      return context.pool.forEach(tiling.count) { place, worker in
        let band = context.scratch(worker: worker)
        tiling.lay(place, of: input.tensor, into: band, tiles)
        for panel in 0..<panels { convolve(place, band, panel: panel) }
      }
    }
    let bands = context.scratch + panels * panelCount
    context.pool.forEach(tiling.count) { place, _ in
      tiling.lay(place, of: input.tensor, into: bands + place * bandCount, tiles)
    }
    context.pool.forEach(panels * tiling.count) { task, _ in
      let (panel, place) = (task / tiling.count, task % tiling.count)
      convolve(place, bands + place * bandCount, panel: panel)
    }
  }

  /// A line of inputs of a panel, tap by tap.
  private func pack(
    _ kernel: UnsafePointer<Float>, panel: Int, line: Int, into packed: UnsafeMutablePointer<Float>, _ kernels: Kernels
  ) {
    let rows = line * TileKernels.lineWidth..<(line + 1) * TileKernels.lineWidth
    for tap in 0..<geometry.taps {
      kernels.maps(.bfloat16).packPanel(
        kernel + (turnsKernel ? geometry.taps - 1 - tap : tap) * layer.inputChannels * layer.outputChannels,
        rowCount: layer.inputChannels, columnCount: layer.outputChannels,
        firstColumn: panel * TileKernels.lineWidth, rows: rows, isTransposed: turnsKernel,
        into: packed + panel * panelCount + (line * geometry.taps + tap) * tapCount)
    }
  }
}

/// Bands of rows that cover all images: a function of the shape alone.
struct BandTiling {
  let geometry: BandGeometry
  private let images: Int
  /// Output rows of a band, the last of an image aside.
  let rows: Int
  /// Bands of an image.
  let perImage: Int

  /// - Parameter rowGoal: output rows of a band, at most, unless that is none.
  init(_ geometry: BandGeometry, images: Int, rowGoal: Int) {
    (self.geometry, self.images) = (geometry, images)
    let height = geometry.output.height
    let most = min(max(rowGoal, 1), height)
    rows = (height + (height + most - 1) / most - 1) / ((height + most - 1) / most)
    perImage = (height + rows - 1) / rows
  }

  /// Bands of all images.
  var count: Int { images * perImage }

  /// Which band is at a place: of which image, and which rows of its output.
  func band(_ place: Int) -> (image: Int, rows: Range<Int>) {
    let first = place % perImage * rows
    return (place / perImage, first..<min(first + rows, geometry.output.height))
  }

  /// Pixels of so many output rows of a band, padding behind each included, whole steps.
  func pixels(rows: Int) -> Int {
    (rows * geometry.columns + TileKernels.pixelStep - 1) / TileKernels.pixelStep * TileKernels.pixelStep
  }

  /// Copies a band with its padding.
  func lay(_ place: Int, of map: Tensor, into band: UnsafeMutablePointer<Float>, _ tiles: TileKernels) {
    let (image, rows) = self.band(place)
    tiles.layBand(
      geometry, image: map.image(image), rows: rows.lowerBound..<rows.upperBound + geometry.extraRows, into: band)
  }
}
