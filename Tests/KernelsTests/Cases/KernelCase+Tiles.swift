import Kernels

/// Convolutions by tiles.
extension KernelCase {
  static let tiles = [
    KernelCase(tiles: "lay_band", layBand), KernelCase(tiles: "convolve_band", convolveBand),
    KernelCase(tiles: "turn_band", turnBand), KernelCase(tiles: "pair_gradient_band", pairGradientBand),
    KernelCase(tiles: "multiply_bands", multiplyBands),
  ]

  /// A convolution of a small map.
  private struct Bands {
    let (height, width, channels): (Int, Int, Int)
    let (kernel, dilation, padding): (Int, Int, Int)
    let geometry: BandGeometry

    init(height: Int, width: Int, channels: Int, kernel: Int = 3, dilation: Int = 1, padding: Int) {
      (self.height, self.width, self.channels) = (height, width, channels)
      (self.kernel, self.dilation, self.padding) = (kernel, dilation, padding)
      geometry = BandGeometry(
        map: (height, width, channels), kernel: kernel, dilation: dilation, padding: padding)
    }

    static func all(channels: Int) -> [Bands] {
      [
        Bands(height: 5, width: 7, channels: channels, padding: 1),
        Bands(height: 4, width: 33, channels: channels, padding: 0),
        Bands(height: 6, width: 9, channels: channels, dilation: 2, padding: 3),
        Bands(height: 5, width: 8, channels: channels, kernel: 2, padding: 1),
      ]
    }

    /// Pixels from the first tap to another.
    func offset(_ tap: Int) -> Int { (tap / kernel * geometry.columns + tap % kernel) * dilation }
    /// Where a pixel of some rows of the output is in a band.
    func position(_ pixel: Int) -> Int {
      pixel / geometry.output.width * geometry.columns + pixel % geometry.output.width
    }
  }

  private static let width = TileKernels.lineWidth

  /// Sometimes as many channels as put pixels further apart than their lines.
  private static func channels(_ trial: Trial) -> Int {
    trial.stream.chance(0.1) ? 250 + trial.size % 20 : trial.positiveSize
  }

  private static func panels(_ channels: Int) -> Int { (channels + width - 1) / width }

  private static func layBand(_ trial: Trial) {
    for bands in Bands.all(channels: channels(trial)) {
      let rows = trial.stream.integer(below: 3)..<bands.height + 2 * bands.padding - trial.stream.integer(below: 2)
      let image = trial.mapNumbers(bands.height * bands.width * bands.channels)
      let columns = bands.geometry.columns
      let geometry = bands.geometry
      let band = trial.unsetMap(geometry.pixels(rows: rows.count) * geometry.pixelStride)
      trial.tiles.layBand(geometry, image: image.start, rows: rows, into: band.start)
      for i in 0..<band.count {
        let (pixel, channel) = i.quotientAndRemainder(dividingBy: geometry.pixelStride)
        guard channel < geometry.channels else {
          band.markResult(i)
          continue
        }
        let place = pixel - bands.padding
        let (y, x) = (rows.lowerBound + place / columns - bands.padding, place % columns)
        let isThere = place >= 0 && 0..<bands.height ~= y && x < bands.width && channel < bands.channels
        trial.expect(band, i, is: isThere ? image[(y * bands.width + x) * bands.channels + channel] : 0)
      }
    }
  }

  /// A band of some rows of the output, with zeros behind the channels of each pixel and what is no number behind the last pixel.
  private static func band(_ trial: Trial, _ bands: Bands, rows: Int) -> MapMemory {
    let (geometry, pixels) = (bands.geometry, bands.geometry.pixels(rows: rows + bands.geometry.extraRows))
    let band = trial.unsetMap((pixels + TileKernels.pixelStep) * geometry.pixelStride)
    for pixel in 0..<pixels {
      for channel in 0..<geometry.channels {
        band[pixel * geometry.pixelStride + channel] = channel < bands.channels ? trial.number() : 0
      }
    }
    return band
  }

  private static func convolveBand(_ trial: Trial) {
    let outputs = trial.positiveSize
    // Lines of inputs.
    let few = 1 + trial.stream.integer(below: trial.stream.chance(0.2) ? 70 : 33)
    let inputs = trial.stream.chance(0.05) ? channels(trial) : few
    for (bands, bounds) in zip(Bands.all(channels: inputs), everyBounds + everyBounds) {
      let (geometry, rows) = (bands.geometry, 1 + trial.stream.integer(below: bands.geometry.output.height))
      let band = band(trial, bands, rows: rows)
      let writing = trial.writing()
      let y = trial.map(rows * geometry.output.width * outputs, writing)
      let bias = trial.stream.chance(0.5) ? trial.numbers(outputs) : nil
      for panel in 0..<panels(outputs) {
        let right = trial.operand(trial.panels, rows: geometry.lines * geometry.taps * width)
        trial.tiles.convolveBand(
          geometry, band.start, panel: right.start, rows: rows, channels: outputs, firstChannel: panel * width,
          bias: bias.map { UnsafePointer($0.start) }, bounds, writing, into: y.start)
        for pixel in 0..<rows * geometry.output.width {
          let factors = (0..<geometry.lines * geometry.taps * width).map { k in
            let (line, tap) = (k / width / geometry.taps, k / width % geometry.taps)
            let at = (bands.position(pixel) + bands.offset(tap)) * geometry.pixelStride + line * width + k % width
            return Double(band[at])
          }
          for column in 0..<min(width, outputs - panel * width) {
            var sum = Sum(roundings: 1)
            for (k, factor) in factors.enumerated() {
              sum.add(factor * Double(trial.number(right, trial.panels, k, column)))
            }
            let channel = panel * width + column
            if let bias { sum.add(Double(bias[channel])) }
            sum = sum.clamped(bounds.lower, bounds.upper)
            let i = pixel * outputs + channel
            if writing == .adds { sum.add(Double(y.initial(i))) }
            trial.expect(y, i, sum)
          }
        }
      }
    }
  }

  private static func turnBand(_ trial: Trial) {
    for bands in Bands.all(channels: channels(trial)) {
      let geometry = bands.geometry
      let band = band(trial, bands, rows: 1)
      let pixels = geometry.pixels(rows: 1 + geometry.extraRows)
      let turnedPixels = (pixels + width - 1) / width * width + (trial.stream.chance(0.5) ? width : 0)
      for line in 0..<geometry.lines {
        let turned = trial.unsetMap(width * turnedPixels)
        trial.tiles.turnBand(
          geometry, band.start, pixels: pixels, line: line, turnedPixels: turnedPixels, into: turned.start)
        for i in 0..<turned.count {
          let (channel, pixel) = (i / width % width, i / (width * width) * width + i % width)
          trial.expect(
            turned, i, is: pixel < pixels ? band[pixel * geometry.pixelStride + line * width + channel] : 0)
        }
      }
    }
  }

  private static func pairGradientBand(_ trial: Trial) {
    let channels = trial.positiveSize
    for (bands, bounds) in zip(Bands.all(channels: 3), everyBounds + everyBounds) {
      let (geometry, rows) = (bands.geometry, 1 + trial.stream.integer(below: bands.geometry.output.height))
      let (count, hasOutput) = (rows * geometry.output.width, trial.stream.chance(0.5))
      let pixels = (rows * geometry.columns + width - 1) / width * width + (trial.stream.chance(0.5) ? width : 0)
      let panelStride = TileKernels.pairCount(pixels: pixels) * width + 16
      let odd = panels(channels) * panelStride
      let (y, dy) = (trial.mapNumbers(count * channels), trial.mapNumbers(count * channels))
      for i in 0..<y.count { y[i] = bounds.clamp(y[i]) }
      let (words, biasSums) = (trial.unset(2 * odd), trial.numbers(channels))
      trial.tiles.pairGradientBand(
        geometry, rows: rows, channels: channels, output: hasOutput ? UnsafeRawPointer(y.start) : nil, bounds,
        gradient: dy.start, pixels: pixels, into: words.start, panelStride: panelStride, odd: odd,
        biasSums: biasSums.start)
      var sums = (0..<channels).map { Sum(startingAt: biasSums.initial($0)) }
      for i in 0..<dy.count {
        trial.expect(dy, i, is: !hasOutput || bounds.passes(y[i]) ? dy.initial(i) : 0)
        sums[i % channels].add(Double(dy[i]))
      }
      for channel in 0..<channels { trial.expect(biasSums, channel, sums[channel]) }
      let pixelAt = Dictionary(uniqueKeysWithValues: (0..<count).map { (bands.position($0), $0) })
      for (begin, first) in [(0, 0), (odd, 1)] {
        for panel in 0..<panels(channels) {
          // The pairs that end at even pixels begin one before.
          trial.expect(
            words, from: begin + panel * panelStride, trial.panels, rows: 2 * TileKernels.pairCount(pixels: pixels)
          ) { row, column in
            let channel = panel * width + column
            guard channel < channels, let pixel = pixelAt[row - 2 * TileKernels.pairMargin - first] else {
              return Sum()
            }
            return Sum(exactly: dy[pixel * channels + channel])
          }
        }
      }
    }
  }

  private static func multiplyBands(_ trial: Trial) {
    for bands in Bands.all(channels: 3) {
      let geometry = bands.geometry
      let (count, columns) = (1 + trial.stream.integer(below: 3), 1 + trial.size % width)
      let pixels = (geometry.columns + width - 1) / width * width
      let turnedPixels = (pixels + geometry.reach + width - 1) / width * width
      let pairs = TileKernels.pairCount(pixels: pixels)
      // Numbers between bands that belong to others.
      let (turnedStride, bandStride) = (width * turnedPixels + width, 2 * pairs * width + 16)
      let turned = trial.mapNumbers(count * turnedStride)
      let gradients = (0..<count).map { _ in
        (0..<pixels).map { pixel in
          (0..<width).map { _ in pixel < geometry.output.width ? trial.number().bfloat16 : 0 }
        }
      }
      let words: Memory<Float> = trial.watch(Memory(count * bandStride))
      for band in 0..<count {
        for first in 0..<2 {
          for pair in 0..<pairs {
            for column in 0..<width {
              var bits: UInt32 = 0
              for half in 0..<2 {
                let pixel = 2 * (pair - TileKernels.pairMargin) + half - first
                let value = 0..<pixels ~= pixel ? gradients[band][pixel][column] : 0
                bits |= (value.bitPattern >> 16) << (16 * UInt32(half))
              }
              words[band * bandStride + (first * pairs + pair) * width + column] = Float(bitPattern: bits)
            }
          }
        }
      }
      let tapStride = width * width + 16
      let accumulates = trial.stream.chance(0.5)
      let products = accumulates ? trial.numbers(geometry.taps * tapStride) : trial.unset(geometry.taps * tapStride)
      trial.tiles.multiplyBands(
        geometry, bands: count, turned: turned.start, turnedStride: turnedStride, panel: words.start,
        bandStride: bandStride, odd: pairs * width, pixels: pixels, columns: columns, accumulates: accumulates,
        into: products.start, tapStride: tapStride)
      for tap in 0..<geometry.taps {
        for channel in 0..<width {
          for column in 0..<width {
            let i = tap * tapStride + channel * width + column
            guard column < columns else {
              products.markResult(i)
              continue
            }
            var sum = Sum(startingAt: accumulates ? products.initial(i) : 0)
            for band in 0..<count {
              for pixel in 0..<pixels {
                let place = pixel + bands.offset(tap)
                let x = turned[
                  band * turnedStride + place / width * width * width + channel * width + place % width]
                sum.add(Double(x) * Double(gradients[band][pixel][column]))
              }
            }
            trial.expect(products, i, sum)
          }
        }
      }
    }
  }
}
