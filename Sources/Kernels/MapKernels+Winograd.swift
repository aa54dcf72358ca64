import CKernels

/// Winograd's transforms.
extension MapKernels {
  /// Winograd's transform of tiles of an input.
  ///
  /// - Parameters:
  ///   - data: the map; or the gradients of maxima of its windows, where the map is zero but for these.
  ///   - sumsTiles: whether products sum over tiles; not with maxima.
  package func winogradInput(
    _ map: TileMap, _ data: UnsafeRawPointer, _ maxima: Maxima?, tiles: Range<Int>, sumsTiles: Bool,
    into components: UnsafeMutablePointer<Float>, componentStride: Int, blockStride: Int
  ) {
    precondition(tiles.lowerBound >= 0 && componentStride > 0 && blockStride > 0, "tiles \(tiles)")
    requireTile(map.c.tile)
    precondition(maxima == nil || (!sumsTiles && map.c.dilation == 1), "maxima of \(map.c)")
    withUnsafePointer(to: map.c) { map in
      if sumsTiles {
        return table.pointee.winograd_summed_input(
          map, data, tiles.lowerBound, tiles.count, components, componentStride, blockStride)
      }
      withPointer(to: maxima?.c) {
        table.pointee.winograd_input(
          map, data, $0, tiles.lowerBound, tiles.count, components, componentStride, blockStride)
      }
    }
  }

  /// Winograd's transform of a kernel [3][3][inputs][outputs], or of the one turned by half a turn with the roles exchanged.
  ///
  /// - Parameter rows: whole blocks of 16.
  package func winogradKernel(
    _ tile: WinogradTile, _ kernel: UnsafePointer<Float>, inputs: Int, outputs: Int, firstColumn: Int, rows: Range<Int>,
    isTurned: Bool, into components: UnsafeMutablePointer<Float>, componentStride: Int
  ) {
    requireBlocks(rows)
    requireTile(tile.rawValue)
    precondition(
      min(inputs, outputs) > 0 && (0..<(isTurned ? inputs : outputs)).contains(firstColumn),
      "column \(firstColumn) of a kernel \(inputs)×\(outputs)")
    let transform = isTurned ? table.pointee.winograd_turned_kernel : table.pointee.winograd_kernel
    transform!(
      tile.rawValue, kernel, inputs, outputs, firstColumn, rows.lowerBound, rows.upperBound, components, componentStride
    )
  }

  /// The transpose of Winograd's output transform, for tiles of a gradient that is set to zero where the activation is flat, told by `output`; its sums
  /// over pixels are added to those of the bias. Of maxima the gradient stays as it is, and no output is asked.
  package func winogradOutputGradient(
    _ map: TileMap, output: UnsafeRawPointer?, _ bounds: Bounds, gradient: UnsafeMutableRawPointer, _ maxima: Maxima?,
    tiles: Range<Int>, into components: UnsafeMutablePointer<Float>, componentStride: Int, panelStride: Int,
    biasSums: UnsafeMutablePointer<Float>
  ) {
    precondition(tiles.lowerBound >= 0 && componentStride > 0 && panelStride > 0, "tiles \(tiles)")
    requireTile(map.c.tile)
    precondition(maxima == nil || (output == nil && map.c.dilation == 1), "maxima of \(map.c)")
    withUnsafePointer(to: map.c) { map in
      withPointer(to: maxima?.c) {
        table.pointee.winograd_output_gradient(
          map, output, bounds.c, gradient, $0, tiles.lowerBound, tiles.count, components, componentStride, panelStride,
          biasSums)
      }
    }
  }

  /// Winograd's output transform of a panel of products for the channels from `firstChannel` on, with bias, kept in the bounds.
  package func winogradOutput(
    _ map: TileMap, _ components: UnsafePointer<Float>, componentStride: Int, tiles: Range<Int>, firstChannel: Int,
    bias: UnsafePointer<Float>?, _ bounds: Bounds, _ writing: MapWriting, into data: UnsafeMutableRawPointer
  ) {
    precondition(
      tiles.lowerBound >= 0 && (0..<map.c.channels).contains(firstChannel),
      "channel \(firstChannel) of \(map.c.channels)")
    requireTile(map.c.tile)
    withUnsafePointer(to: map.c) {
      table.pointee.winograd_output(
        $0, components, componentStride, tiles.lowerBound, tiles.count, firstChannel, bias, bounds.c, writing.c, data)
    }
  }

  /// The maxima of windows of 2×2 pixels of what
  /// ``winogradOutput(_:_:componentStride:tiles:firstChannel:bias:_:_:into:)`` would have written, and their places in the windows as
  /// those of ``maxPoolRow(_:image:outputRow:_:into:argmax:)``, or none where they are not between the bounds, for all images.
  package func winogradPooledOutput(
    _ map: TileMap, _ pooling: PoolingGeometry, _ components: UnsafePointer<Float>, componentStride: Int,
    tiles: Range<Int>, firstChannel: Int, bias: UnsafePointer<Float>?, _ bounds: Bounds, _ writing: MapWriting,
    into maxima: UnsafeMutableRawPointer, argmax: UnsafeMutablePointer<UInt8>?
  ) {
    precondition(
      tiles.lowerBound >= 0 && (0..<map.c.channels).contains(firstChannel),
      "channel \(firstChannel) of \(map.c.channels)")
    precondition(
      map.c.tile == 4 && map.c.dilation == 1 && map.c.full_rows == map.c.tile_rows
        && map.c.full_columns == map.c.tile_columns && pooling.c.kernel == 2 && pooling.c.stride == 2
        && pooling.c.padding == 0 && pooling.c.input_height == map.c.height && pooling.c.input_width == map.c.width,
      "tiles of \(map.c.tile)×\(map.c.tile) pixels of a map \(map.c.height)×\(map.c.width) pooled by \(pooling.c)")
    withUnsafePointer(to: map.c) { map in
      withUnsafePointer(to: pooling.c) { pooling in
        table.pointee.winograd_pooled_output(
          map, pooling, components, componentStride, tiles.lowerBound, tiles.count, firstChannel, bias, bounds.c,
          writing.c, maxima, argmax)
      }
    }
  }

  private func requireTile(_ side: Int) {
    precondition(summands == 1 || side == WinogradTile.four.rawValue, "tiles of \(side)×\(side) in bfloat16")
  }
}
