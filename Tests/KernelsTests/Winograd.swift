import Kernels

/// Winograd's F(n×n, 3×3) by its definition, for interpolation points as in `winograd.inc`.
struct Winograd {
  /// Rows and columns of the kernel.
  static let taps = 3

  let tile: WinogradTile

  /// Rows and columns of the outputs of a tile.
  var side: Int { tile.rawValue }
  /// Rows and columns of the inputs of a tile.
  var window: Int { side + Self.taps - 1 }
  var componentCount: Int { window * window }

  /// A linear transform: its matrix, and how many roundings a term passes through in one direction.
  struct Transform: Sendable {
    let matrix: [[Double]]
    let roundings: Int

    /// Element (i, j) of matrix · x · matrixᵀ, and further roundings.
    func element(_ i: Int, _ j: Int, roundings more: Int = 0, of x: (_ row: Int, _ column: Int) -> Float) -> Sum {
      var sum = Sum(roundings: 2 * roundings + more)
      for (row, left) in matrix[i].enumerated() where left != 0 {
        for (column, right) in matrix[j].enumerated() where right != 0 {
          sum.addUnrounded(left * right * Double(x(row, column)))
        }
      }
      return sum
    }

    /// What leads back, with as many roundings as given.
    func transposed(roundings: Int) -> Transform {
      Transform(matrix: matrix[0].indices.map { column in matrix.map { $0[column] } }, roundings: roundings)
    }
  }

  /// Bᵀ: row i has the polynomial that vanishes at all points but one, the last that of all.
  let input: Transform
  /// G: the powers of a point over the product of its distances from the others; the last point is infinite.
  let kernel: Transform
  /// Aᵀ: the powers of all points.
  let output: Transform
  /// A.
  let outputGradient: Transform
  /// Gᵀ.
  let kernelGradient: Transform

  init(_ tile: WinogradTile) {
    self.tile = tile
    let side = tile.rawValue
    let points: [Double] = tile == .four ? [0, 0.625, -0.625, 1.5, -1.5] : [0, 0.5, -0.5, 1, -1, 2, -2]
    func others(_ point: Double) -> [Double] { points.filter { $0 != point } }
    input = Transform(
      matrix: points.map { Self.polynomial(others($0)) + [0] } + [Self.polynomial(points)], roundings: side)
    kernel = Transform(
      matrix: points.map { point in
        let distances = others(point).reduce(1) { $0 * (point - $1) }
        return [1, point, point * point].map { $0 / distances }
      } + [[0, 0, 1]], roundings: 5)
    output = Transform(
      matrix: (0..<side).map { power in
        points.map { point in (0..<power).reduce(1) { product, _ in product * point } } + [power == side - 1 ? 1 : 0]
      }, roundings: side)
    outputGradient = output.transposed(roundings: side)
    kernelGradient = kernel.transposed(roundings: side + 2)
  }

  /// The coefficients of Π (x − point), the constant first.
  private static func polynomial(_ points: [Double]) -> [Double] {
    var factors = [1.0]
    for point in points {
      let (shifted, scaled): ([Double], [Double]) = ([0] + factors, factors.map { -point * $0 } + [0])
      factors = zip(shifted, scaled).map { $0 + $1 }
    }
    return factors
  }
}

/// How tiles cover two images of 5×6 pixels, or of 9×7 where tiles are larger; and where some tiles are a row or a column short, of 7×7 or 11×11.
struct TileGrid {
  let tile: WinogradTile
  let channels: Int
  let dilation: Int
  let padding = 1
  let height: Int
  let width: Int
  private let rows: [Strip]
  private let columns: [Strip]
  /// Where tiles are, in the order of their numbers.
  private let places: [(image: Int, row: Strip, column: Strip)]

  static let images = 2

  init(tile: WinogradTile, channels: Int, dilation: Int, isCut: Bool) {
    self.tile = tile
    self.channels = channels
    self.dilation = dilation
    height = isCut ? 2 * tile.rawValue - 1 : tile == .four ? 5 : 9
    width = isCut ? 2 * tile.rawValue - 1 : tile == .four ? 6 : 7
    let rows = Self.strips(height, tile, dilation, isCut: isCut)
    let columns = Self.strips(width, tile, dilation, isCut: isCut)
    // Those with a last row are neighbours, and those with a last column.
    let groups = [(true, false), (true, true), (false, true), (false, false)]
    places = groups.flatMap { rowIsFull, columnIsFull in
      (0..<Self.images).flatMap { image in
        rows.filter { $0.isFull == rowIsFull }.flatMap { row in
          columns.filter { $0.isFull == columnIsFull }.map { (image, row, $0) }
        }
      }
    }
    (self.rows, self.columns) = (rows, columns)
  }

  var tileRows: Int { rows.count }
  var tileColumns: Int { columns.count }
  var count: Int { Self.images * height * width * channels }
  var tileCount: Int { places.count }
  var map: TileMap {
    TileMap(
      tile, images: Self.images, height: height, width: width, channels: channels, tileRows: tileRows,
      tileColumns: tileColumns, fullRows: rows.filter(\.isFull).count, fullColumns: columns.filter(\.isFull).count,
      padding: padding, dilation: dilation)
  }

  /// A row or a column of tiles.
  private struct Strip {
    let first: Int
    let length: Int
    let isFull: Bool
  }

  /// Every dilation-th pixel belongs to the same tiles: the first strip of each of these phases, the second of each, and so on.
  private static func strips(
    _ extent: Int, _ tile: WinogradTile, _ dilation: Int, isCut: Bool
  ) -> [Strip] {
    let phases = (0..<dilation).map { phase -> [Strip] in
      var (strips, first) = ([Strip](), phase)
      let pixels = (extent - phase + dilation - 1) / dilation
      let count = (pixels + tile.rawValue - 1) / tile.rawValue
      for index in 0..<count {
        let isFull = !isCut || index < count - (count * tile.rawValue - pixels)
        let length = tile.rawValue - (isFull ? 0 : 1)
        strips.append(Strip(first: first, length: length, isFull: isFull))
        first += length * dilation
      }
      return strips
    }
    return (0..<phases[0].count).flatMap { index in phases.map { $0[index] } }
  }

  /// Where the channels of pixel (y, x) of a tile begin; nil outside the map and the tile.
  ///
  /// - Parameter margin: pixels around the tile that count.
  func pixel(_ index: Int, _ y: Int, _ x: Int, margin: Int = 0) -> Int? {
    let (image, rows, columns) = places[index]
    guard y < rows.length + 2 * margin, x < columns.length + 2 * margin else { return nil }
    let (row, column) = (rows.first + y * dilation - margin, columns.first + x * dilation - margin)
    guard (0..<height).contains(row), (0..<width).contains(column) else { return nil }
    return ((image * height + row) * width + column) * channels
  }
}
