import Kernels

/// Column matrices and panels; most kernels only move numbers.
extension KernelCase {
  static let columns = [KernelCase("gather_columns", gatherColumns), KernelCase("unpack_panel", unpackPanel)]
  static let columnOperands = [
    KernelCase(maps: "gather_blocks") { gatherBlocks($0, sumsRows: false) },
    KernelCase(maps: "gather_summed_blocks") { gatherBlocks($0, sumsRows: true) },
    KernelCase(maps: "pack_panel") { packPanel($0, isTransposed: false) },
    KernelCase(maps: "pack_transposed_panel") { packPanel($0, isTransposed: true) },
    KernelCase(maps: "panel_output_gradient", packOutputGradient), KernelCase(maps: "scatter_panel", scatterPanel),
  ]

  private static func gatherColumns(_ trial: Trial) {
    for matrix in ColumnMatrix.all(channels: trial.positiveSize) {
      let rows = trial.size == 0 ? 2..<2 : 2..<7
      let columns = matrix.columns / 3..<matrix.columns - matrix.columns / 5
      let (source, result) = (trial.numbers(matrix.sourceCount), trial.unset(rows.count * columns.count))
      trial.kernels.gatherColumns(
        matrix.geometry, source: source.start, rows: rows, columns: columns, into: result.start)
      for i in 0..<result.count {
        let (row, column) = i.quotientAndRemainder(dividingBy: columns.count)
        trial.expect(
          result, i, is: matrix.value(row: rows.lowerBound + row, column: columns.lowerBound + column) { source[$0] })
      }
    }
  }

  private static func gatherBlocks(_ trial: Trial, sumsRows: Bool) {
    for matrix in ColumnMatrix.all(channels: trial.positiveSize) {
      let rows = trial.size == 0 ? 2..<2 : 2..<7
      let layout = trial.blocks(sumsRows: sumsRows)
      let count = (matrix.columns + layout.width - 1) / layout.width
      // Words between the blocks that belong to others.
      let blockStride = layout.words(rows.count) + 16
      let (source, blocks) = (trial.mapNumbers(matrix.sourceCount), trial.unset(count * blockStride))
      trial.maps.gatherBlocks(
        matrix.geometry, source: source.start, rows: rows, sumsRows: sumsRows, into: blocks.start,
        blockStride: blockStride)
      for block in 0..<count {
        trial.expect(blocks, from: block * blockStride, layout, rows: rows.count) { row, column in
          let column = block * layout.width + column
          let isInside = column < matrix.columns
          return Sum(
            exactly: isInside ? matrix.value(row: rows.lowerBound + row, column: column) { source[$0] } : 0)
        }
      }
    }
  }

  /// Rows of a panel beyond the first block, if there are, as parts of the work have them.
  private static func wholeBlocks(_ rowCount: Int) -> Range<Int> {
    let width = MapKernels.blockWidth
    return (rowCount > width ? width : 0)..<(rowCount + width - 1) / width * width
  }

  private static func packPanel(_ trial: Trial, isTransposed: Bool) {
    let (rowCount, columnCount) = (trial.positiveSize, 37)
    let rows = trial.size == 0 ? 0..<0 : wholeBlocks(rowCount)
    for firstColumn in stride(from: 0, to: columnCount, by: MapKernels.panelWidth) {
      let matrix = trial.numbers(rowCount * columnCount)
      let panel = trial.unset(trial.panels.words(rows.count))
      trial.maps.packPanel(
        matrix.start, rowCount: isTransposed ? columnCount : rowCount,
        columnCount: isTransposed ? rowCount : columnCount,
        firstColumn: firstColumn, rows: rows, isTransposed: isTransposed, into: panel.start)
      trial.expect(panel, from: 0, trial.panels, rows: rows.count) { row, column in
        let (row, column) = (rows.lowerBound + row, firstColumn + column)
        guard row < rowCount, column < columnCount else { return Sum() }
        return Sum(exactly: matrix[isTransposed ? column * rowCount + row : row * columnCount + column])
      }
    }
  }

  private static func unpackPanel(_ trial: Trial) {
    let (rows, columnCount) = (trial.size == 0 ? 2..<2 : 2..<5, trial.positiveSize)
    for firstColumn in stride(from: 0, to: columnCount, by: MapKernels.panelWidth) {
      let panel = trial.numbers(rows.count * MapKernels.panelWidth)
      let matrix = trial.unset((rows.upperBound + 1) * columnCount)
      trial.kernels.unpackPanel(
        panel.start, columnCount: columnCount, firstColumn: firstColumn, rows: rows, into: matrix.start)
      for row in rows {
        for column in 0..<min(MapKernels.panelWidth, columnCount - firstColumn) {
          trial.expect(
            matrix, row * columnCount + firstColumn + column,
            is: panel[(row - rows.lowerBound) * MapKernels.panelWidth + column])
        }
      }
    }
  }

  private static func packOutputGradient(_ trial: Trial) {
    let (rows, channels) = (trial.size == 0 ? 0 : 3, trial.positiveSize)
    let count = (channels + MapKernels.panelWidth - 1) / MapKernels.panelWidth
    let panelStride = trial.panels.words(rows) + 16
    for bounds in everyBounds {
      for hasOutput in [true, false] {
        let (y, dy) = (trial.mapNumbers(rows * channels), trial.mapNumbers(rows * channels))
        for i in 0..<y.count { y[i] = bounds.clamp(y[i]) }
        let (panels, biasSums) = (trial.unset(count * panelStride), trial.numbers(channels))
        trial.maps.packOutputGradient(
          rows: rows, channels: channels, output: hasOutput ? UnsafeRawPointer(y.start) : nil, bounds,
          gradient: dy.start,
          into: panels.start, panelStride: panelStride, biasSums: biasSums.start)
        var sums = (0..<channels).map { Sum(startingAt: biasSums.initial($0)) }
        for i in 0..<dy.count {
          trial.expect(dy, i, is: !hasOutput || bounds.passes(y[i]) ? dy.initial(i) : 0)
          sums[i % channels].add(Double(dy[i]))
        }
        for channel in 0..<channels { trial.expect(biasSums, channel, sums[channel]) }
        for panel in 0..<count {
          trial.expect(panels, from: panel * panelStride, trial.panels, rows: rows) { row, column in
            let channel = panel * MapKernels.panelWidth + column
            return channel < channels ? Sum(exactly: dy[row * channels + channel]) : Sum()
          }
        }
      }
    }
  }

  private static func scatterPanel(_ trial: Trial) {
    let channels = trial.positiveSize
    for matrix in ColumnMatrix.forward(channels: channels) {
      for firstChannel in stride(from: 0, to: channels, by: MapKernels.panelWidth) {
        let accumulates = trial.stream.chance(0.5)
        let rows = trial.size == 0 ? 0..<0 : 1..<min(8, matrix.rows)
        let tapStride = rows.count * MapKernels.panelWidth + 16
        let panels = trial.numbers(matrix.kernel * matrix.kernel * tapStride)
        let source = trial.map(matrix.sourceCount, accumulates ? .adds : .sets)
        trial.maps.scatterPanel(
          matrix.geometry, panels.start, tapStride: tapStride, rows: rows, firstChannel: firstChannel,
          images: ColumnMatrix.images, accumulates: accumulates, into: source.start)
        var sums = (0..<matrix.sourceCount).map { Sum(startingAt: accumulates ? source.initial($0) : 0) }
        let part = firstChannel..<min(firstChannel + MapKernels.panelWidth, channels)
        for row in rows {
          for tap in 0..<matrix.kernel * matrix.kernel {
            guard let pixel = matrix.pixel(row: row, tap: tap) else { continue }
            for channel in part {
              let place = tap * tapStride + (row - rows.lowerBound) * MapKernels.panelWidth + channel - firstChannel
              sums[pixel * channels + channel].add(Double(panels[place]))
            }
          }
        }
        for i in 0..<matrix.sourceCount where part.contains(i % channels) { trial.expect(source, i, sums[i]) }
      }
    }
  }
}
