import Kernels
import Tensors

/// How Winograd's tiles cover a map, and which of their components count.
///
/// Of the component at infinity depends nothing but the last row, or column, of a tile's outputs. A tile that is a row short does without. Where a map
/// is no multiple of tiles they are cut short rather than reach out of it: 38 rows are 8 tiles of 4 and 2 of 3, not 10 of 4, and need 58
/// components in place of 60.
struct WinogradTiling {
  /// Rows of tiles, or columns.
  struct Axis {
    /// All of them.
    let count: Int
    /// The first, which have as many rows of pixels as the tile; the others have one less.
    let full: Int

    /// - Parameter isCut: whether tiles are cut short; otherwise the last ones reach out of the map.
    init(covering extent: Int, by tile: WinogradTile, dilation: Int, isCut: Bool) {
      let phase = (extent + dilation - 1) / dilation
      let perPhase = (phase + tile.rawValue - 1) / tile.rawValue
      count = dilation * perPhase
      guard isCut else {
        full = count
        return
      }
      // Every dilation-th row belongs to the same tiles.
      full = (0..<dilation).reduce(0) { sum, first in
        let rows = (extent - first + dilation - 1) / dilation
        return sum + max(0, rows - perPhase * (tile.rawValue - 1))
      }
    }

    /// Components of all.
    func components(of tile: WinogradTile) -> Int { count * (tile.window - 1) + full }
  }

  let tile: WinogradTile
  let dilation: Int
  let images: Int
  let rows: Axis
  let columns: Axis

  /// Tiles are cut where that saves so much of the multiplications. It makes neighbours of tiles that are none in the map, and leaves no windows of
  /// pooling whole.
  private static let worthwhileRatio: Float = 0.97

  /// Tiles of maps of the shape.
  init(covering map: Shape, by tile: WinogradTile, dilation: Int) {
    func axis(_ extent: Int, isCut: Bool) -> Axis {
      Axis(covering: extent, by: tile, dilation: dilation, isCut: isCut)
    }
    func components(_ isCut: Bool) -> Int {
      axis(map.height, isCut: isCut).components(of: tile) * axis(map.width, isCut: isCut).components(of: tile)
    }
    let isCut = Float(components(true)) <= Self.worthwhileRatio * Float(components(false))
    self.tile = tile
    self.dilation = dilation
    images = map.batch
    rows = axis(map.height, isCut: isCut)
    columns = axis(map.width, isCut: isCut)
    hasFullTiles = rows.full == rows.count && columns.full == columns.count
  }

  /// Whether all tiles are n×n pixels.
  let hasFullTiles: Bool
  /// Tiles of one image.
  var tilesPerImage: Int { rows.count * columns.count }
  /// Components of one image, all tiles' together.
  var componentsPerImage: Int { rows.components(of: tile) * columns.components(of: tile) }

  /// The tiles whose product of a component counts, in the order of `ck_tile_map`.
  func tiles(component: Int) -> Range<Int> {
    if hasFullTiles { return 0..<images * tilesPerImage }
    let (row, column) = component.quotientAndRemainder(dividingBy: tile.window)
    let (needsRow, needsColumn) = (row == tile.window - 1, column == tile.window - 1)
    let cutColumns = images * rows.full * (columns.count - columns.full)
    let full = images * rows.full * columns.full
    let cutRows = images * (rows.count - rows.full) * columns.full
    let first = needsColumn ? cutColumns : 0
    if needsRow { return first..<cutColumns + full }
    return first..<(needsColumn ? cutColumns + full + cutRows : images * tilesPerImage)
  }

  /// The tiles in a map that they cover, or that they depend on.
  func map(_ shape: Shape, padding: Int) -> TileMap {
    TileMap(
      tile, images: images, height: shape.height, width: shape.width, channels: shape.channels,
      tileRows: rows.count, tileColumns: columns.count, fullRows: rows.full, fullColumns: columns.full,
      padding: padding, dilation: dilation)
  }
}
