import CKernels

/// The kernels that read and write maps of one precision, lay out the operands of products of matrices, and multiply them.
///
/// Maps, and gradients of maps, are memory of numbers of that precision. The left operand is [block][row][16]: blocks of 16 columns. The right operand and the products are panels [row][32] of 32 columns. An operand
/// consists of words of 32 bits: floats, or pairs of bfloat16 that are neighbours in the sum; strides and offsets count words. Products and
/// all that is no map are float32.
/// `CKernelList.h` says what each kernel computes.
package struct MapKernels: @unchecked Sendable {
  /// Columns of a block.
  package static let blockWidth = 16
  /// Columns of a panel.
  package static let panelWidth = 32

  let table: UnsafePointer<ck_map_table>
  /// Numbers in a word.
  package let summands: Int

  /// product = left · right, of `rows` rows and `blocks` blocks of columns.
  ///
  /// - Parameters:
  ///   - next: the right operand of the product that follows, as large as this one, which is fetched into a cache meanwhile.
  ///   - columns: of the product; those behind are undefined.
  package func multiplyPanel(
    rows: Int, blocks: Int, left: UnsafePointer<Float>, blockStride: Int, right: UnsafePointer<Float>,
    next: UnsafePointer<Float>? = nil, columns: Int = panelWidth, accumulates: Bool,
    into product: UnsafeMutablePointer<Float>
  ) {
    precondition((1...Self.panelWidth).contains(columns), "\(columns) columns of a panel")
    precondition(
      rows >= 0 && blocks > 0 && (blocks == 1 || blockStride >= rows * Self.blockWidth / summands),
      "a product of \(rows) rows and \(blocks) blocks, \(blockStride) words apart")
    table.pointee.multiply_panel(rows, blocks, left, blockStride, right, next, columns, accumulates, product)
  }

  /// y[row][firstChannel …] = finish(left · right), or added to what is there.
  ///
  /// - Parameters:
  ///   - channels: of y, of which a panel is written.
  ///   - moments: of what `finish` applies f to, [mean over the rows, sum of squared deviations][channels]; nil where they are not wanted.
  package func multiplyToOutput(
    rows: Int, blocks: Int, left: UnsafePointer<Float>, blockStride: Int, right: UnsafePointer<Float>, channels: Int,
    firstChannel: Int, _ finish: Normalization, _ writing: MapWriting, moments: UnsafeMutablePointer<Float>? = nil,
    into y: UnsafeMutableRawPointer
  ) {
    requireProduct(rows: rows, blocks: blocks, blockStride: blockStride, channels: channels, firstChannel: firstChannel)
    precondition(
      finish.gate == nil && (moments == nil || (rows > 0 && writing != .adds)),
      "moments of \(rows) rows that are added to a map")
    withPointer(to: finish.c) {
      table.pointee.multiply_to_output(
        rows, blocks, left, blockStride, right, channels, firstChannel, $0, writing.c, moments, y)
    }
  }

  /// dx[row][firstChannel …] = left · right, or added to what is there.
  ///
  /// - Parameter sums: where those of ``Kernels/normalizationGradientSums(rows:channels:_:_:mean:outputGradient:into:)`` go, of a map and all of
  ///   dx; nil where they are not wanted.
  package func multiplyToInputGradient(
    rows: Int, blocks: Int, left: UnsafePointer<Float>, blockStride: Int, right: UnsafePointer<Float>, channels: Int,
    firstChannel: Int, _ writing: MapWriting,
    sums: (UnsafeMutablePointer<Float>, x: UnsafeRawPointer, Normalization, mean: UnsafePointer<Float>)?,
    into inputGradient: UnsafeMutableRawPointer
  ) {
    requireProduct(rows: rows, blocks: blocks, blockStride: blockStride, channels: channels, firstChannel: firstChannel)
    withPointer(to: sums?.2.c) {
      table.pointee.multiply_to_input_gradient(
        rows, blocks, left, blockStride, right, channels, firstChannel, writing.c, sums?.x, $0, sums?.mean, sums?.0,
        inputGradient)
    }
  }

  private func requireProduct(rows: Int, blocks: Int, blockStride: Int, channels: Int, firstChannel: Int) {
    precondition((0..<channels).contains(firstChannel), "channel \(firstChannel) of \(channels)")
    precondition(
      rows >= 0 && blocks > 0 && (blocks == 1 || blockStride >= rows * Self.blockWidth / summands),
      "a product of \(rows) rows and \(blocks) blocks, \(blockStride) words apart")
  }

  /// product = leftᵀ · right, of `blocks` blocks of rows and `count` terms.
  ///
  /// - Parameters:
  ///   - rightStride: words between the two blocks of the right operand where it consists of such; nil where it is a panel.
  ///   - columns: of the product; those behind are undefined.
  package func multiplyTransposedPanel(
    blocks: Int, count: Int, left: UnsafePointer<Float>, blockStride: Int, right: UnsafePointer<Float>,
    rightStride: Int? = nil, columns: Int = panelWidth, accumulates: Bool, into product: UnsafeMutablePointer<Float>
  ) {
    let blockCount = (count + summands - 1) / summands * Self.blockWidth
    precondition((1...Self.panelWidth).contains(columns), "\(columns) columns of a panel")
    precondition(
      count >= 0 && blocks > 0 && (blocks == 1 || blockStride >= blockCount)
        && (rightStride ?? .max) >= max(1, blockCount),
      "a product of \(blocks) blocks and \(count) terms, \(blockStride) and \(rightStride ?? 0) words apart")
    table.pointee.multiply_transposed_panel(
      blocks, count, left, blockStride, right, rightStride ?? 0, columns, accumulates, product)
  }

  /// x[i] = factor · x[i] + term, `rounds` times over in registers; returns the number of multiply–adds, and their sum.
  package func multiplyAddPeak(rounds: Int, factor: Float, term: Float) -> (count: Int, sum: Float) {
    precondition(rounds >= 0, "\(rounds) rounds")
    var sum: Float = 0
    let count = table.pointee.multiply_add_peak(rounds, factor, term, &sum)
    return (count, sum)
  }
}
