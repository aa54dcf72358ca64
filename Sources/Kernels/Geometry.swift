import CKernels

/// Which source pixel feeds which row of a column matrix (im2col): row p belongs to the target pixel p of the batch, counted through images,
/// rows and columns, and kernel tap (ky, kx) of it reads the source pixel y = (targetY · up + offset + ky · step) / down, x likewise; zeros where
/// the division leaves a remainder or the pixel lies outside.
package struct GatherGeometry: Sendable {
  let c: ck_gather_geometry

  /// - Parameters:
  ///   - source: rows, columns and channels of the map that is read.
  ///   - target: rows and columns of the map whose pixels are the rows of the matrix.
  ///   - kernel: taps in each direction.
  package init(
    source: (height: Int, width: Int, channels: Int), target: (height: Int, width: Int), kernel: Int, up: Int = 1,
    down: Int = 1, offset: (y: Int, x: Int), step: Int = 1
  ) {
    precondition(
      min(source.height, source.width, source.channels, target.height, target.width, kernel) > 0
        && min(up, down, step) > 0,
      "a column matrix of \(source) for \(target), kernel \(kernel), steps \(up), \(down), \(step)")
    c = ck_gather_geometry(
      source_height: source.height, source_width: source.width, channels: source.channels,
      target_height: target.height, target_width: target.width, kernel_height: kernel, kernel_width: kernel,
      up_y: up, up_x: up, down_y: down, down_x: down, offset_y: offset.y, offset_x: offset.x, step_y: step, step_x: step
    )
  }

  /// With the same offset of rows and columns.
  package init(
    source: (height: Int, width: Int, channels: Int), target: (height: Int, width: Int), kernel: Int, up: Int = 1,
    down: Int = 1, offset: Int = 0, step: Int = 1
  ) {
    self.init(
      source: source, target: target, kernel: kernel, up: up, down: down, offset: (offset, offset), step: step)
  }

  /// Columns of the matrix.
  package var columns: Int { c.kernel_height * c.kernel_width * c.channels }
}

/// Windows of a pooling layer, each of which has a pixel of the map.
package struct PoolingGeometry: Sendable {
  let c: ck_pooling_geometry

  package init(
    input: (height: Int, width: Int), output: (height: Int, width: Int), channels: Int, kernel: Int, stride: Int,
    padding: Int
  ) {
    precondition(
      min(input.height, input.width, output.height, output.width, channels, kernel, stride) > 0
        && kernel * kernel <= 256 && (0..<kernel).contains(padding)
        && (output.height - 1) * stride - padding < input.height && (output.width - 1) * stride - padding < input.width,
      "pooling \(input) to \(output), kernel \(kernel), stride \(stride), padding \(padding)")
    c = ck_pooling_geometry(
      input_height: input.height, input_width: input.width, output_height: output.height, output_width: output.width,
      channels: channels, kernel: kernel, stride: stride, padding: padding)
  }
}

/// Which pixels the maxima of windows of 2×2 were.
package struct Maxima: @unchecked Sendable {
  let c: ck_maxima

  /// - Parameter argmax: of all images, as ``MapKernels`` write them.
  package init(_ geometry: PoolingGeometry, argmax: UnsafePointer<UInt8>) {
    precondition(
      geometry.c.kernel == 2 && geometry.c.stride == 2 && geometry.c.padding == 0, "windows \(geometry.c)")
    c = ck_maxima(height: geometry.c.output_height, width: geometry.c.output_width, choice: argmax)
  }
}

/// Rows and columns of a tile of Winograd's algorithm, with kernels of 3×3.
package enum WinogradTile: Int, Sendable, CaseIterable {
  case four = 4
  case six = 6

  /// The tiles that operands of a precision may have: of bfloat16, 6×6 would err by several percent.
  package static func all(_ precision: Precision) -> [WinogradTile] { precision == .float32 ? allCases : [.four] }

  /// Rows and columns of the pixels that a tile depends on.
  package var window: Int { rawValue + 2 }
  /// Products whose sums become a tile: one for each pixel that the tile depends on.
  package var components: Int { window * window }
}

/// How Winograd tiles cover `images` maps: n×n output pixels each, `dilation` pixels apart; rows of tiles from `fullRows` on have one row of
/// pixels less, and columns of tiles likewise. Their windows in the input begin `padding` pixels before. Tiles are numbered group by group,
/// each with all images: full rows and short columns, full ones, short rows and full columns, the rest.
package struct TileMap: Sendable {
  let c: ck_tile_map

  package init(
    _ tile: WinogradTile, images: Int, height: Int, width: Int, channels: Int, tileRows: Int, tileColumns: Int,
    fullRows: Int, fullColumns: Int, padding: Int, dilation: Int
  ) {
    precondition(
      min(images, height, width, channels, tileRows, tileColumns, dilation) > 0
        && (0...tileRows).contains(fullRows) && (0...tileColumns).contains(fullColumns),
      "tiles \(tileRows)×\(tileColumns), \(fullRows)×\(fullColumns) full, of \(images) maps \(height)×\(width)×\(channels)"
    )
    c = ck_tile_map(
      tile: tile.rawValue, images: images, height: height, width: width, channels: channels, tile_rows: tileRows,
      tile_columns: tileColumns, full_rows: fullRows, full_columns: fullColumns, padding: padding, dilation: dilation)
  }
}

/// What the activation of a convolution keeps its output in: −∞ and ∞ for none, 0 and ∞ for ReLU, 0 and 6 for ReLU6.
package struct Bounds: Sendable, Equatable {
  package let lower: Float
  package let upper: Float

  package init(lower: Float, upper: Float) {
    precondition(lower < upper, "bounds \(lower) and \(upper)")
    (self.lower, self.upper) = (lower, upper)
  }

  var c: ck_bounds { ck_bounds(lower: lower, upper: upper) }
}

/// A depthwise convolution: windows of 3×3 or 5×5 pixels, one or two pixels apart, that begin `padding` pixels before the map.
package struct DepthwiseGeometry: Sendable {
  let c: ck_depthwise_geometry

  package init(
    input: (height: Int, width: Int), output: (height: Int, width: Int), channels: Int, kernel: Int, stride: Int,
    padding: (y: Int, x: Int)
  ) {
    precondition(
      min(input.height, input.width, output.height, output.width, channels) > 0 && [3, 5].contains(kernel)
        && [1, 2].contains(stride) && (0..<kernel).contains(padding.y) && (0..<kernel).contains(padding.x)
        && (output.height - 1) * stride - padding.y < input.height
        && (output.width - 1) * stride - padding.x < input.width,
      "a depthwise convolution of \(input) to \(output), kernel \(kernel), stride \(stride), padding \(padding)")
    c = ck_depthwise_geometry(
      input_height: input.height, input_width: input.width, output_height: output.height, output_width: output.width,
      channels: channels, kernel: kernel, stride: stride, padding_y: padding.y, padding_x: padding.x)
  }

  /// Floats of scratch that the kernels want.
  package var scratchCount: Int { withUnsafePointer(to: c) { Int(ck_depthwise_scratch($0)) } }
}
