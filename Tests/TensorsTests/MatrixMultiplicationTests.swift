import Tensors
import Testing

@Suite struct MatrixMultiplicationTests {
  /// All four transpositions with strides, against the definition; the numbers are small integers, so float32 is exact.
  @Test(arguments: [false, true], [false, true])
  func agreesWithTheDefinition(transposeLeft: Bool, transposeRight: Bool) {
    let (m, n, k) = (5, 7, 9)
    func operand(
      _ rows: Int, _ columns: Int, transposed: Bool, seed: Int
    ) -> (Matrix, (Int, Int) -> Float, AlignedBuffer) {
      let (memoryRows, memoryColumns) = transposed ? (columns, rows) : (rows, columns)
      let stride = memoryColumns + 3
      let buffer = AlignedBuffer(count: memoryRows * stride)
      for index in buffer.floats.indices { buffer.floats[index] = Float((index * seed) % 13 - 6) }
      let matrix = Matrix(buffer.floats.baseAddress!, rows: memoryRows, columns: memoryColumns, stride: stride)
      let floats = buffer.floats
      return (
        transposed ? matrix.transposed : matrix, { transposed ? floats[$1 * stride + $0] : floats[$0 * stride + $1] },
        buffer
      )
    }
    let (left, a, leftBuffer) = operand(m, k, transposed: transposeLeft, seed: 7)
    let (right, b, rightBuffer) = operand(k, n, transposed: transposeRight, seed: 5)
    let product = AlignedBuffer(count: m * n)
    MatrixLibrary.useOneThread()
    for accumulate in [false, true] {
      multiply(left, right, into: Matrix(product.floats.baseAddress!, rows: m, columns: n), accumulate: accumulate)
      for i in 0..<m {
        for j in 0..<n {
          let sum = (0..<k).reduce(Float(0)) { $0 + a(i, $1) * b($1, j) }
          #expect(product.floats[i * n + j] == (accumulate ? 2 * sum : sum))
        }
      }
    }
    withExtendedLifetime((leftBuffer, rightBuffer)) {}
  }
}
