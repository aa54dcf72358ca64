import CKernels
import Tensors

/// How the tiles of F(4×4, 3×3) cover the output of a convolution of stride 1, and how their values lie in memory.
///
/// A tile is 4×4 outputs, a dilation apart, and depends on 6×6 inputs. In between are 36 frequencies. For each of them, input channels
/// go in blocks of 16, [block][tile][16], output channels in panels of 32, [panel][tile][32]; padding is zero.
///
/// ### Source
/// Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, CVPR 2016.
struct WinogradTiling {
  /// Rows and columns of the kernel.
  static let taps = 3
  /// Rows and columns of a tile's outputs.
  static let side = 4
  /// Values of a transformed tile, for each channel.
  static let frequencies = 36
  private static let blockWidth = 16
  private static let panelWidth = 32

  /// The map that is read.
  let input: Shape
  /// The map that is written.
  let output: Shape
  /// Zeros around the input.
  let padding: Int
  /// Pixels between neighbouring taps.
  let dilation: Int
  private let tileRows: Int
  private let tileColumns: Int

  init(input: Shape, output: Shape, padding: Int, dilation: Int) {
    self.input = input
    self.output = output
    self.padding = padding
    self.dilation = dilation
    func tiles(_ extent: Int) -> Int {
      let phase = (extent + dilation - 1) / dilation
      return dilation * ((phase + Self.side - 1) / Self.side)
    }
    tileRows = tiles(output.height)
    tileColumns = tiles(output.width)
  }

  /// Tiles of all images.
  var tiles: Int { output.batch * tileRows * tileColumns }
  /// Blocks of input channels.
  var blocks: Int { (input.channels + Self.blockWidth - 1) / Self.blockWidth }
  /// Panels of output channels.
  var panels: Int { (output.channels + Self.panelWidth - 1) / Self.panelWidth }
  /// Rows of the transformed kernel.
  var kernelRows: Int { blocks * Self.blockWidth }

  /// Multiplications for each one of a direct convolution.
  var workRatio: Float {
    Float(tiles * Self.frequencies) / Float(output.pixels * Self.taps * Self.taps)
  }

  var inputMap: ck_tile_map { map(input) }
  var outputMap: ck_tile_map { map(output) }

  private func map(_ shape: Shape) -> ck_tile_map {
    ck_tile_map(
      height: shape.height, width: shape.width, channels: shape.channels, tile_rows: tileRows,
      tile_columns: tileColumns, padding: padding, dilation: dilation)
  }

  /// Floats from one frequency of transformed inputs of `tiles` tiles to the next.
  func inputStride(tiles: Int) -> Int { Self.spread(blockStride(tiles: tiles) * blocks) }
  /// Floats from one block of transformed inputs to the next.
  func blockStride(tiles: Int) -> Int { tiles * Self.blockWidth }
  /// Floats from one frequency of one panel of products to the next.
  func panelStride(tiles: Int) -> Int { Self.spread(tiles * Self.panelWidth) }
  /// Floats from one frequency of all panels to the next.
  func outputStride(tiles: Int) -> Int { Self.spread(panels * tiles * Self.panelWidth) }
  /// Floats from one frequency of one panel of the transformed kernel to the next.
  var kernelPanelStride: Int { Self.spread(kernelRows * Self.panelWidth) }
  /// Floats of one panel of a frequency of the transformed kernel.
  var kernelPanelCount: Int { kernelRows * Self.panelWidth }
  /// Floats from one frequency of the whole transformed kernel to the next.
  var kernelStride: Int { Self.spread(panels * kernelPanelCount) }

  /// The first output channel of a panel.
  func firstChannel(ofPanel panel: Int) -> Int { panel * Self.panelWidth }

  /// An odd number of cache lines, so that the same place of all frequencies falls into different sets of the cache.
  private static func spread(_ count: Int) -> Int {
    let line = 16
    return ((count + line - 1) / line | 1) * line
  }
}
