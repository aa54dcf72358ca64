import COpenBLAS

/// A row-major matrix inside a larger buffer, as an operand of ``multiply(_:_:into:accumulate:)``.
package struct Matrix {
  /// The first element.
  package let data: UnsafeMutablePointer<Float>
  /// Rows of the product's operand, after transposition.
  package let rows: Int
  /// Columns of the product's operand, after transposition.
  package let columns: Int
  /// Floats between two rows in memory.
  package let stride: Int
  /// Whether memory holds the transpose: `columns` rows of `rows` elements.
  package let isTransposed: Bool

  /// A dense or strided row-major matrix; `stride` defaults to `columns`.
  package init(_ data: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
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
  package var transposed: Matrix {
    Matrix(data, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
  }
}

/// product = left · right, or product += left · right, with OpenBLAS on the calling thread.
///
/// - Precondition: the shapes fit and `product` is not transposed; ``MatrixLibrary/useOneThread()`` was called.
package func multiply(_ left: Matrix, _ right: Matrix, into product: Matrix, accumulate: Bool = false) {
  precondition(
    left.columns == right.rows && product.rows == left.rows && product.columns == right.columns
      && !product.isTransposed,
    "[\(left.rows), \(left.columns)] · [\(right.rows), \(right.columns)] into [\(product.rows), \(product.columns)]")
  precondition(MatrixLibrary.usesOneThread, "MatrixLibrary.useOneThread() is to be called first")
  cblas_sgemm(
    CblasRowMajor, left.isTransposed ? CblasTrans : CblasNoTrans, right.isTransposed ? CblasTrans : CblasNoTrans,
    blasint(left.rows), blasint(right.columns), blasint(left.columns),
    1, left.data, blasint(left.stride), right.data, blasint(right.stride),
    accumulate ? 1 : 0, product.data, blasint(product.stride))
}
