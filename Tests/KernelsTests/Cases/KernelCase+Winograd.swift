import Kernels

/// The transforms of Winograd's algorithm, one element of a matrix product after the other.
extension KernelCase {
  static let winograd = [
    KernelCase(maps: "winograd_output", winogradOutput), KernelCase("winograd_kernel_gradient", winogradKernelGradient),
    KernelCase(maps: "winograd_pooled_output", winogradPooledOutput),
  ]
  static let winogradOperands = [
    KernelCase(maps: "winograd_input") { winogradInput($0, sumsTiles: false) },
    KernelCase(maps: "winograd_summed_input") { winogradInput($0, sumsTiles: true) },
    KernelCase(maps: "winograd_kernel") { winogradKernel($0, isTurned: false) },
    KernelCase(maps: "winograd_turned_kernel") { winogradKernel($0, isTurned: true) },
    KernelCase(maps: "winograd_output_gradient", winogradOutputGradient),
  ]

  /// Maps without and with dilation, of full and of short tiles, and some of their tiles.
  private static func grids(_ trial: Trial) -> [(winograd: Winograd, grid: TileGrid, tiles: Range<Int>)] {
    WinogradTile.all(trial.precision).flatMap { tile in
      [1, 2].flatMap { dilation in
        [false, true].map { isCut in
          let grid = TileGrid(tile: tile, channels: trial.positiveSize, dilation: dilation, isCut: isCut)
          let first = trial.stream.integer(below: grid.tileCount - 2)
          return (Winograd(tile), grid, first..<first + (trial.size == 0 ? 0 : 3))
        }
      }
    }
  }

  private static func winogradInput(_ trial: Trial, sumsTiles: Bool) {
    for (winograd, grid, tiles) in grids(trial) {
      let layout = trial.blocks(sumsRows: sumsTiles)
      let blocks = (grid.channels + layout.width - 1) / layout.width
      // Words between that belong to others.
      let blockStride = layout.words(tiles.count) + 16
      let componentStride = blocks * blockStride + 16
      let components = trial.unset(winograd.componentCount * componentStride)
      let map = GradientMap(trial, grid, ofMaxima: !sumsTiles && grid.dilation == 1 && trial.stream.chance(0.5))
      trial.maps.winogradInput(
        grid.map, map.values.start, map.maxima, tiles: tiles, sumsTiles: sumsTiles, into: components.start,
        componentStride: componentStride, blockStride: blockStride)
      for component in 0..<winograd.componentCount {
        let (i, j) = component.quotientAndRemainder(dividingBy: winograd.window)
        for block in 0..<blocks {
          let base = component * componentStride + block * blockStride
          trial.expect(components, from: base, layout, rows: tiles.count) { row, column in
            let channel = block * layout.width + column
            guard channel < grid.channels else { return Sum() }
            return winograd.input.element(i, j) { y, x in
              grid.pixel(tiles.lowerBound + row, y, x, margin: grid.padding).map { map[$0 + channel] } ?? 0
            }
          }
        }
      }
    }
  }

  private static func winogradOutput(_ trial: Trial) {
    for (winograd, grid, tiles) in grids(trial) {
      for firstChannel in stride(from: 0, to: grid.channels, by: MapKernels.panelWidth) {
        let (bounds, hasBias) = (everyBounds[trial.stream.integer(below: 3)], trial.stream.chance(0.5))
        let writing = trial.writing()
        let accumulates = writing == .adds
        let componentStride = tiles.count * MapKernels.panelWidth + 16
        let (components, bias) = (
          trial.numbers(winograd.componentCount * componentStride), trial.numbers(grid.channels)
        )
        let data = trial.map(grid.count, writing)
        trial.maps.winogradOutput(
          grid.map, components.start, componentStride: componentStride, tiles: tiles, firstChannel: firstChannel,
          bias: hasBias ? UnsafePointer(bias.start) : nil, bounds, writing, into: data.start)
        for (tile, y, x, pixel) in pixels(grid, tiles) {
          for channel in firstChannel..<min(firstChannel + MapKernels.panelWidth, grid.channels) {
            let place = (tile - tiles.lowerBound) * MapKernels.panelWidth + channel - firstChannel
            var sum = winograd.output.element(y, x, roundings: 1) { i, j in
              components[(i * winograd.window + j) * componentStride + place]
            }
            if hasBias { sum.addUnrounded(Double(bias[channel])) }
            sum = sum.clamped(bounds.lower, bounds.upper)
            if accumulates { sum.add(Double(data.initial(pixel + channel))) }
            trial.expect(data, pixel + channel, sum)
          }
        }
      }
    }
  }

  /// The maxima of what ``winogradOutput(_:)`` writes, with and without the last windows, which have fewer pixels.
  private static func winogradPooledOutput(_ trial: Trial) {
    let grid = TileGrid(tile: .four, channels: trial.positiveSize, dilation: 1, isCut: false)
    let tiles = trial.size == 0 ? 1..<1 : 3..<6
    for isCeiling in [false, true] {
      for firstChannel in stride(from: 0, to: grid.channels, by: MapKernels.panelWidth) {
        let (bounds, hasBias) = (everyBounds[trial.stream.integer(below: 3)], trial.stream.chance(0.5))
        let (writing, hasChoice) = (trial.writing(adds: false, floats: false), trial.stream.chance(0.7))
        let pooled = (height: (grid.height + (isCeiling ? 1 : 0)) / 2, width: (grid.width + (isCeiling ? 1 : 0)) / 2)
        let componentStride = tiles.count * MapKernels.panelWidth + 16
        let components = trial.numbers(Winograd(.four).componentCount * componentStride)
        // What is no number wins.
        if trial.size > 1 { components[trial.stream.integer(below: 32)] = .nan }
        let bias = trial.numbers(grid.channels)
        let shift = hasBias ? UnsafePointer(bias.start) : nil
        let map = trial.unsetMap(grid.count)
        trial.maps.winogradOutput(
          grid.map, components.start, componentStride: componentStride, tiles: tiles, firstChannel: firstChannel,
          bias: shift, bounds, .sets, into: map.start)
        let count = TileGrid.images * pooled.height * pooled.width * grid.channels
        let (maxima, choice) = (trial.unsetMap(count), trial.unset(count, of: UInt8.self))
        trial.maps.winogradPooledOutput(
          grid.map,
          PoolingGeometry(
            input: (grid.height, grid.width), output: pooled, channels: grid.channels, kernel: 2, stride: 2, padding: 0),
          components.start, componentStride: componentStride, tiles: tiles, firstChannel: firstChannel, bias: shift,
          bounds, writing, into: maxima.start, argmax: hasChoice ? choice.start : nil)
        for (tile, y, x, _) in pixels(grid, tiles) where y % 2 == 0 && x % 2 == 0 {
          let window = (0..<4).compactMap { tap in grid.pixel(tile, y + tap / 2, x + tap % 2).map { (tap, $0) } }
          let (image, place) = tile.quotientAndRemainder(dividingBy: grid.tileRows * grid.tileColumns)
          let row = place / grid.tileColumns * 2 + y / 2, column = place % grid.tileColumns * 2 + x / 2
          guard row < pooled.height, column < pooled.width else { continue }
          for channel in firstChannel..<min(firstChannel + MapKernels.panelWidth, grid.channels) {
            let at = ((image * pooled.height + row) * pooled.width + column) * grid.channels + channel
            let values = window.map { map[$0.1 + channel] }
            let largest = values.first(where: \.isNaN) ?? values.max()!
            trial.expect(maxima, at, is: largest)
            guard hasChoice else { continue }
            if bounds.lower.isFinite && !bounds.passes(largest) {
              trial.expect(choice, at, is: .max)
              continue
            }
            // Of bfloat16 several may be the largest, once they are rounded.
            let largestTaps = zip(window, values).filter { $0.1 == largest || $0.1.isNaN }.map(\.0.0)
            choice.markResult(at)
            trial.require(
              trial.precision == .float32
                ? Int(choice[at]) == largestTaps[0] : largestTaps.contains(Int(choice[at])),
              "[\(at)] is from tap \(choice[at]), not one of \(largestTaps)")
          }
        }
        for (_, _, _, pixel) in pixels(grid, tiles) {
          for channel in firstChannel..<min(firstChannel + MapKernels.panelWidth, grid.channels) {
            map.markResult(pixel + channel)
          }
        }
      }
    }
  }

  /// The pixels of tiles that lie in the map.
  private static func pixels(_ grid: TileGrid, _ tiles: Range<Int>) -> [(tile: Int, y: Int, x: Int, pixel: Int)] {
    let side = grid.tile.rawValue
    return tiles.flatMap { tile in
      (0..<side * side).compactMap { index in
        let (y, x) = index.quotientAndRemainder(dividingBy: side)
        return grid.pixel(tile, y, x).map { (tile, y, x, $0) }
      }
    }
  }

  private static func winogradOutputGradient(_ trial: Trial) {
    for (winograd, grid, tiles) in grids(trial) {
      let (bounds, hasOutput) = (everyBounds[trial.stream.integer(below: 3)], trial.stream.chance(0.7))
      let panelCount = (grid.channels + MapKernels.panelWidth - 1) / MapKernels.panelWidth
      let panelStride = trial.panels.words(tiles.count) + 16
      let componentStride = panelCount * panelStride + 16
      let output = trial.mapNumbers(grid.count)
      for i in 0..<output.count { output[i] = bounds.clamp(output[i]) }
      let ofMaxima = !hasOutput && grid.dilation == 1
      let map = GradientMap(trial, grid, ofMaxima: ofMaxima)
      let gradient = map.values
      let (components, biasSums) = (
        trial.unset(winograd.componentCount * componentStride), trial.numbers(grid.channels)
      )
      trial.maps.winogradOutputGradient(
        grid.map, output: hasOutput ? UnsafeRawPointer(output.start) : nil, bounds, gradient: gradient.start,
        map.maxima,
        tiles: tiles,
        into: components.start, componentStride: componentStride, panelStride: panelStride, biasSums: biasSums.start)
      var sums = (0..<grid.channels).map { Sum(startingAt: biasSums.initial($0)) }
      for (_, _, _, pixel) in pixels(grid, tiles) {
        for channel in 0..<grid.channels {
          let place = pixel + channel
          if !ofMaxima {
            trial.expect(gradient, place, is: !hasOutput || bounds.passes(output[place]) ? gradient.initial(place) : 0)
          }
          sums[channel].add(Double(map[place]))
        }
      }
      for channel in 0..<grid.channels { trial.expect(biasSums, channel, sums[channel]) }
      for component in 0..<winograd.componentCount {
        let (i, j) = component.quotientAndRemainder(dividingBy: winograd.window)
        for panel in 0..<panelCount {
          let base = component * componentStride + panel * panelStride
          trial.expect(components, from: base, trial.panels, rows: tiles.count) { row, column in
            let channel = panel * MapKernels.panelWidth + column
            guard channel < grid.channels else { return Sum() }
            return winograd.outputGradient.element(i, j) { y, x in
              grid.pixel(tiles.lowerBound + row, y, x).map { map[$0 + channel] } ?? 0
            }
          }
        }
      }
    }
  }

  private static func winogradKernel(_ trial: Trial, isTurned: Bool) {
    for winograd in WinogradTile.all(trial.precision).map(Winograd.init) {
      // Rows of the panel, and its columns.
      let (rowCount, columnCount) = (trial.positiveSize, 37)
      let (inputs, outputs) = isTurned ? (columnCount, rowCount) : (rowCount, columnCount)
      let kernel = trial.numbers(Winograd.taps * Winograd.taps * inputs * outputs)
      let width = MapKernels.blockWidth
      // One block, the last: every block is computed alike.
      let last = (rowCount - 1) / width * width
      let rows = trial.size == 0 ? 0..<0 : last..<last + width
      let firstColumn = trial.size % 2 * MapKernels.panelWidth
      let componentStride = trial.panels.words(rows.count) + 16
      let components = trial.unset(winograd.componentCount * componentStride)
      trial.maps.winogradKernel(
        winograd.tile, kernel.start, inputs: inputs, outputs: outputs, firstColumn: firstColumn, rows: rows,
        isTurned: isTurned, into: components.start, componentStride: componentStride)
      for component in 0..<winograd.componentCount {
        let (i, j) = component.quotientAndRemainder(dividingBy: winograd.window)
        trial.expect(components, from: component * componentStride, trial.panels, rows: rows.count) { row, column in
          let (row, column) = (rows.lowerBound + row, firstColumn + column)
          guard row < rowCount, column < columnCount else { return Sum() }
          let (input, output) = isTurned ? (column, row) : (row, column)
          return winograd.kernel.element(i, j) { y, x in
            let tap = y * Winograd.taps + x
            let lastTap = Winograd.taps * Winograd.taps - 1
            return kernel[((isTurned ? lastTap - tap : tap) * inputs + input) * outputs + output]
          }
        }
      }
    }
  }

  private static func winogradKernelGradient(_ trial: Trial) {
    for winograd in WinogradTile.allCases.map(Winograd.init) {
      let (inputs, outputs) = (5, trial.positiveSize)
      let rows = trial.size == 0 ? 1..<1 : 1..<4
      for firstColumn in stride(from: 0, to: outputs, by: MapKernels.panelWidth) {
        let componentStride = rows.count * MapKernels.panelWidth + 16
        let components = trial.numbers(winograd.componentCount * componentStride)
        let kernel = trial.unset(Winograd.taps * Winograd.taps * inputs * outputs)
        trial.kernels.winogradKernelGradient(
          winograd.tile, components.start, componentStride: componentStride, inputs: inputs, outputs: outputs,
          firstColumn: firstColumn, rows: rows, into: kernel.start)
        for tap in 0..<Winograd.taps * Winograd.taps {
          let (y, x) = tap.quotientAndRemainder(dividingBy: Winograd.taps)
          for row in rows {
            for column in firstColumn..<min(firstColumn + MapKernels.panelWidth, outputs) {
              let place = (row - rows.lowerBound) * MapKernels.panelWidth + column - firstColumn
              let expected = winograd.kernelGradient.element(y, x) { i, j in
                components[(i * winograd.window + j) * componentStride + place]
              }
              trial.expect(kernel, (tap * inputs + row) * outputs + column, expected)
            }
          }
        }
      }
    }
  }
}
