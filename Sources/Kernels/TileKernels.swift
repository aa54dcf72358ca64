import CKernels

/// A convolution of stride 1 whose map is read in bands of rows, with zeros on every side.
package struct BandGeometry: Sendable {
  let c: ck_band_geometry

  /// - Parameters:
  ///   - map: rows, columns and channels of the map that is read.
  ///   - kernel: taps in each direction.
  ///   - dilation: pixels between them.
  ///   - padding: zeros on every side, fewer than the kernel reaches over.
  package init(map: (height: Int, width: Int, channels: Int), kernel: Int, dilation: Int = 1, padding: Int) {
    precondition(
      min(map.height, map.width, map.channels, kernel, dilation) > 0 && 0...(kernel - 1) * dilation ~= padding
        && min(map.height, map.width) + 2 * padding > (kernel - 1) * dilation,
      "bands of \(map), kernel \(kernel), dilation \(dilation), padding \(padding)")
    let lines = Self.lines(of: map.channels)
    let apart = lines >= Self.crowdedLines ? lines | 1 : lines
    c = ck_band_geometry(
      height: map.height, width: map.width, channels: map.channels, pixel_stride: apart * TileKernels.lineWidth,
      kernel: kernel, dilation: dilation, padding: padding)
  }

  /// Lines of a pixel from which on their number is made odd: with a power of two the same line of neighbouring pixels would fall into so few
  /// sets of the first-level cache that those under all taps do not fit.
  private static let crowdedLines = 8

  private static func lines(of channels: Int) -> Int { (channels + TileKernels.lineWidth - 1) / TileKernels.lineWidth }

  /// Pixels from row to row of a band: zeros behind one are before the next.
  package var columns: Int { c.width + c.padding }
  /// Channels of a pixel of a band: whole lines.
  package var channels: Int { lines * TileKernels.lineWidth }
  /// Numbers from pixel to pixel of a band.
  package var pixelStride: Int { c.pixel_stride }
  /// Lines of channels.
  package var lines: Int { Self.lines(of: c.channels) }
  /// Rows of a band beyond those of its output.
  package var extraRows: Int { (c.kernel - 1) * c.dilation }
  /// Rows and columns of the output.
  package var output: (height: Int, width: Int) {
    (c.height + 2 * c.padding - extraRows, c.width + 2 * c.padding - extraRows)
  }
  /// Pixels of so many rows of a band.
  package func pixels(rows: Int) -> Int { c.padding + rows * columns }
  /// Pixels from the one under the first tap to that under the last.
  package var reach: Int { extraRows * (columns + 1) }
  /// Taps of the kernel.
  package var taps: Int { c.kernel * c.kernel }
}

/// The kernels of convolutions by tiles of AMX, over maps of bfloat16. `CKernelList.h` says what each computes.
package struct TileKernels: @unchecked Sendable {
  /// Channels of a line of a band, and columns of a panel.
  package static let lineWidth = 32
  /// Pixels that are multiplied at once.
  package static let pixelStep = 32
  /// Pairs before and behind those of a band.
  package static let pairMargin = 16

  let table: UnsafePointer<ck_tile_table>

  /// Rows of an image with its padding.
  package func layBand(
    _ geometry: BandGeometry, image: UnsafeRawPointer, rows: Range<Int>, into band: UnsafeMutableRawPointer
  ) {
    precondition(rows.lowerBound >= 0, "rows \(rows)")
    withUnsafePointer(to: geometry.c) { table.pointee.lay_band($0, image, rows.lowerBound, rows.upperBound, band) }
  }

  /// The channels of a panel of `rows` rows of the output.
  ///
  /// - Parameters:
  ///   - channels: of the output.
  ///   - output: where the first row begins.
  package func convolveBand(
    _ geometry: BandGeometry, _ band: UnsafeRawPointer, panel: UnsafePointer<Float>, rows: Int, channels: Int,
    firstChannel: Int, bias: UnsafePointer<Float>?, _ bounds: Bounds, _ writing: MapWriting,
    into output: UnsafeMutableRawPointer
  ) {
    precondition(
      rows > 0 && (0..<channels).contains(firstChannel), "\(rows) rows, channel \(firstChannel) of \(channels)")
    withUnsafePointer(to: geometry.c) {
      table.pointee.convolve_band($0, band, panel, rows, channels, firstChannel, bias, bounds.c, writing.c, output)
    }
  }

  /// A line of channels of a band's pixels, 32 by 32 with a row for each channel.
  ///
  /// - Parameter turnedPixels: how far, with zeros behind the last pixel.
  package func turnBand(
    _ geometry: BandGeometry, _ band: UnsafeRawPointer, pixels: Int, line: Int, turnedPixels: Int,
    into turned: UnsafeMutableRawPointer
  ) {
    precondition(
      (0..<geometry.lines).contains(line) && turnedPixels.isMultiple(of: Self.pixelStep) && pixels <= turnedPixels,
      "\(pixels) pixels of \(turnedPixels), line \(line) of \(geometry.lines)")
    withUnsafePointer(to: geometry.c) {
      table.pointee.turn_band($0, band, pixels, line * Self.lineWidth, turnedPixels, turned)
    }
  }

  /// The gradient of a band's output as pairs of pixels, after it was set to zero where the activation is flat, told by `output`; its sums over
  /// pixels are added to those of the bias.
  ///
  /// - Parameter odd: words from the pairs that begin at even pixels to those that end there.
  package func pairGradientBand(
    _ geometry: BandGeometry, rows: Int, channels: Int, output: UnsafeRawPointer?, _ bounds: Bounds,
    gradient: UnsafeMutableRawPointer, pixels: Int, into panels: UnsafeMutablePointer<Float>, panelStride: Int,
    odd: Int, biasSums: UnsafeMutablePointer<Float>
  ) {
    precondition(
      rows > 0 && channels > 0 && pixels.isMultiple(of: Self.pixelStep) && pixels >= rows * geometry.columns
        && panelStride >= Self.pairCount(pixels: pixels) * Self.lineWidth,
      "\(rows) rows of \(channels) channels in \(pixels) pixels, panels \(panelStride) words apart")
    withUnsafePointer(to: geometry.c) {
      table.pointee.pair_gradient_band(
        $0, rows, channels, output, bounds.c, gradient, pixels, panels, panelStride, odd, biasSums)
    }
  }

  /// Pairs of a panel of a gradient.
  package static func pairCount(pixels: Int) -> Int { pixels / 2 + 2 * pairMargin }

  /// The gradient of a kernel, for a line of inputs and a panel of outputs, under each tap.
  ///
  /// - Parameters:
  ///   - turnedStride: numbers from band to band.
  ///   - bandStride: words from band to band.
  ///   - columns: of the products; those behind are undefined.
  package func multiplyBands(
    _ geometry: BandGeometry, bands: Int, turned: UnsafeRawPointer, turnedStride: Int, panel: UnsafePointer<Float>,
    bandStride: Int, odd: Int, pixels: Int, columns: Int, accumulates: Bool,
    into products: UnsafeMutablePointer<Float>, tapStride: Int
  ) {
    precondition(
      bands > 0 && (1...Self.lineWidth).contains(columns) && pixels.isMultiple(of: Self.pixelStep),
      "\(bands) bands of \(pixels) pixels, \(columns) columns of a panel")
    withUnsafePointer(to: geometry.c) {
      table.pointee.multiply_bands(
        $0, bands, turned, turnedStride, panel, bandStride, odd, pixels, columns, accumulates, products, tapStride)
    }
  }
}
