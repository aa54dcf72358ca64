import COpenBLAS

/// A row-major matrix inside a larger buffer, as an operand of ``multiply(_:_:into:accumulate:)``.
public struct Matrix {
  /// The first element.
  public let data: UnsafeMutablePointer<Float>
  /// Rows of the product's operand, after transposition.
  public let rows: Int
  /// Columns of the product's operand, after transposition.
  public let columns: Int
  /// Floats between two rows in memory.
  public let stride: Int
  /// Whether memory holds the transpose: `columns` rows of `rows` elements.
  public let isTransposed: Bool

  /// A dense or strided row-major matrix; `stride` defaults to `columns`.
  public init(_ data: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
    self.init(data, rows: rows, columns: columns, stride: stride ?? columns, isTransposed: false)
  }

  private init(_ data: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, isTransposed: Bool) {
    self.data = data
    self.rows = rows
    self.columns = columns
    self.stride = stride
    self.isTransposed = isTransposed
  }

  /// The transpose, without moving data.
  public var transposed: Matrix {
    Matrix(data, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
  }
}

/// product = left · right, or product += left · right, with OpenBLAS on the calling thread.
///
/// - Precondition: the shapes fit and `product` is not transposed.
public func multiply(_ left: Matrix, _ right: Matrix, into product: Matrix, accumulate: Bool = false) {
  precondition(
    left.columns == right.rows && product.rows == left.rows && product.columns == right.columns
      && !product.isTransposed,
    "[\(left.rows), \(left.columns)] · [\(right.rows), \(right.columns)] into [\(product.rows), \(product.columns)]")
  cblas_sgemm(
    CblasRowMajor, left.isTransposed ? CblasTrans : CblasNoTrans, right.isTransposed ? CblasTrans : CblasNoTrans,
    blasint(left.rows), blasint(right.columns), blasint(left.columns),
    1, left.data, blasint(left.stride), right.data, blasint(right.stride),
    accumulate ? 1 : 0, product.data, blasint(product.stride))
}
