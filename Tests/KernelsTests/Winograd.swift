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

/// How tiles cover two images of 5×6 pixels, or of 9×7 where tiles are larger.
struct TileGrid {
  let tile: WinogradTile
  let channels: Int
  let dilation: Int
  let padding = 1

  static let images = 2
  var height: Int { tile == .four ? 5 : 9 }
  var width: Int { tile == .four ? 6 : 7 }

  var tileRows: Int { tiles(height) }
  var tileColumns: Int { tiles(width) }
  var count: Int { Self.images * height * width * channels }
  var tileCount: Int { Self.images * tileRows * tileColumns }
  var map: TileMap {
    TileMap(
      tile, height: height, width: width, channels: channels, tileRows: tileRows, tileColumns: tileColumns,
      padding: padding, dilation: dilation)
  }

  /// Every dilation-th pixel belongs to the same tiles.
  private func tiles(_ extent: Int) -> Int {
    let pixels = (extent + dilation - 1) / dilation
    return dilation * ((pixels + tile.rawValue - 1) / tile.rawValue)
  }

  /// Where the channels of pixel (y, x) of a tile begin; nil outside the map.
  ///
  /// - Parameter margin: pixels before the tile that count.
  func pixel(_ index: Int, _ y: Int, _ x: Int, margin: Int = 0) -> Int? {
    let (image, place) = index.quotientAndRemainder(dividingBy: tileRows * tileColumns)
    func coordinate(_ index: Int, _ place: Int) -> Int {
      index / dilation * tile.rawValue * dilation + index % dilation + place * dilation - margin
    }
    let (row, column) = (coordinate(place / tileColumns, y), coordinate(place % tileColumns, x))
    guard (0..<height).contains(row), (0..<width).contains(column) else { return nil }
    return ((image * height + row) * width + column) * channels
  }
}
