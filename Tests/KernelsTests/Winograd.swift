import Kernels

/// Winograd's F(4×4, 3×3) by its definition, for interpolation points as in `winograd.inc`.
enum Winograd {
  /// Rows and columns of the outputs of a tile, of the kernel, and of the inputs of a tile.
  static let (side, taps, window) = (4, 3, 6)
  static let componentCount = window * window

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

  private static let points = [0, 0.625, -0.625, 1.5, -1.5]

  /// The coefficients of Π (x − point), the constant first.
  private static func polynomial(_ points: [Double]) -> [Double] {
    var factors = [1.0]
    for point in points {
      let (shifted, scaled): ([Double], [Double]) = ([0] + factors, factors.map { -point * $0 } + [0])
      factors = zip(shifted, scaled).map { $0 + $1 }
    }
    return factors
  }

  private static func others(_ point: Double) -> [Double] { points.filter { $0 != point } }

  /// Bᵀ: row i has the polynomial that vanishes at all points but one, the last that of all.
  static let input = Transform(
    matrix: points.map { polynomial(others($0)) + [0] } + [polynomial(points)], roundings: 4)
  /// G: the powers of a point over the product of its distances from the others; the last point is infinite.
  static let kernel = Transform(
    matrix: points.map { point in
      let distances = others(point).reduce(1) { $0 * (point - $1) }
      return [1, point, point * point].map { $0 / distances }
    } + [[0, 0, 1]], roundings: 5)
  /// Aᵀ: the powers of all points.
  static let output = Transform(
    matrix: (0..<side).map { power in
      points.map { point in (0..<power).reduce(1) { product, _ in product * point } } + [power == side - 1 ? 1 : 0]
    }, roundings: 4)
  /// A.
  static let outputGradient = output.transposed(roundings: 4)
  /// Gᵀ.
  static let kernelGradient = kernel.transposed(roundings: 6)
}

/// How tiles cover two images of 5×6 pixels.
struct TileGrid {
  let channels: Int
  let dilation: Int
  let padding = 1

  static let images = 2
  private static let (height, width) = (5, 6)

  var tileRows: Int { tiles(Self.height) }
  var tileColumns: Int { tiles(Self.width) }
  var count: Int { Self.images * Self.height * Self.width * channels }
  var tileCount: Int { Self.images * tileRows * tileColumns }
  var map: TileMap {
    TileMap(
      height: Self.height, width: Self.width, channels: channels, tileRows: tileRows, tileColumns: tileColumns,
      padding: padding, dilation: dilation)
  }

  /// Every dilation-th pixel belongs to the same tiles.
  private func tiles(_ extent: Int) -> Int {
    let pixels = (extent + dilation - 1) / dilation
    return dilation * ((pixels + Winograd.side - 1) / Winograd.side)
  }

  /// Where the channels of pixel (y, x) of a tile begin; nil outside the map.
  ///
  /// - Parameter margin: pixels before the tile that count.
  func pixel(_ tile: Int, _ y: Int, _ x: Int, margin: Int = 0) -> Int? {
    let (image, place) = tile.quotientAndRemainder(dividingBy: tileRows * tileColumns)
    func coordinate(_ tile: Int, _ place: Int) -> Int {
      tile / dilation * Winograd.side * dilation + tile % dilation + place * dilation - margin
    }
    let (row, column) = (coordinate(place / tileColumns, y), coordinate(place % tileColumns, x))
    guard (0..<Self.height).contains(row), (0..<Self.width).contains(column) else { return nil }
    return ((image * Self.height + row) * Self.width + column) * channels
  }
}
