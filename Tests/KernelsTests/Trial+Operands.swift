import Kernels

/// How the numbers of rows of an operand lie in its words.
struct WordLayout {
  /// Numbers in a word.
  let summands: Int
  /// Columns of a row.
  let width: Int
  /// Whether the numbers of a word belong to neighbouring rows, not columns.
  let sumsRows: Bool

  /// Words of some rows.
  func words(_ rows: Int) -> Int { sumsRows ? (rows + summands - 1) / summands * width : rows * width / summands }

  /// The word of a number, and which of its numbers it is.
  func place(_ row: Int, _ column: Int) -> (word: Int, half: Int) {
    sumsRows
      ? (row / summands * width + column, row % summands)
      : ((row * width + column) / summands, column % summands)
  }
}

extension Trial {
  private var summands: Int { precision == .bfloat16 ? 2 : 1 }

  /// Blocks of a left operand.
  func blocks(sumsRows: Bool) -> WordLayout {
    WordLayout(summands: summands, width: MapKernels.blockWidth, sumsRows: sumsRows)
  }

  /// Panels of a right operand.
  var panels: WordLayout { WordLayout(summands: summands, width: MapKernels.panelWidth, sumsRows: true) }

  /// Random rows of an operand.
  func operand(_ layout: WordLayout, rows: Int) -> Memory<Float> {
    let memory: Memory<Float> = watch(Memory(layout.words(rows)))
    // The last pair may have only one number; the other is zero.
    for word in 0..<memory.count { memory[word] = 0 }
    for row in 0..<rows {
      for column in 0..<layout.width {
        let place = layout.place(row, column)
        if summands == 1 {
          memory[place.word] = number()
        } else {
          let bits = (number().bfloat16.bitPattern >> 16) << (16 * UInt32(place.half))
          memory[place.word] = Float(bitPattern: memory[place.word].bitPattern | bits)
        }
      }
    }
    return memory
  }

  /// A number of an operand whose first row begins at the word `base`.
  func number(_ memory: Memory<Float>, from base: Int = 0, _ layout: WordLayout, _ row: Int, _ column: Int) -> Float {
    let place = layout.place(row, column)
    let word = memory[base + place.word]
    if summands == 1 { return word }
    return Float(bitPattern: (word.bitPattern >> (16 * UInt32(place.half))) << 16)
  }

  /// Compares rows of an operand, with the zeros that complete the last word.
  func expect(
    _ memory: Memory<Float>, from base: Int, _ layout: WordLayout, rows: Int,
    _ expected: (_ row: Int, _ column: Int) -> Sum
  ) {
    let wholeRows = layout.sumsRows ? (rows + summands - 1) / summands * summands : rows
    for row in 0..<wholeRows {
      for column in 0..<layout.width {
        memory.markResult(base + layout.place(row, column).word)
        let (result, sum) = (
          number(memory, from: base, layout, row, column), row < rows ? expected(row, column) : Sum()
        )
        require(
          sum.admits(result, isBFloat16: summands == 2),
          "row \(row), column \(column) from word \(base) is \(result), not \(sum.text)")
      }
    }
  }
}
