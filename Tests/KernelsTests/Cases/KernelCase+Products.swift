import Kernels

/// Products of operands.
extension KernelCase {
  static let products = [
    KernelCase(maps: "multiply_panel", multiplyPanel),
    KernelCase(maps: "multiply_transposed_panel", multiplyTransposedPanel),
    KernelCase(maps: "multiply_to_output", multiplyToOutput),
    KernelCase(maps: "multiply_to_input_gradient", multiplyToInputGradient),
    KernelCase(maps: "multiply_add_peak", multiplyAddPeak),
  ]

  private static func multiplyPanel(_ trial: Trial) {
    let rows = trial.size
    // Sums of up to 16 blocks, or 32 with bfloat16, are made at once.
    let blocks = trial.size % 16 == 3 ? 35 : 1 + trial.size % 3
    let layout = trial.blocks(sumsRows: false)
    let blockStride = layout.words(rows)
    for accumulates in [false, true] {
      let columns = 1 + trial.stream.integer(below: trial.panels.width)
      let left = trial.operand(layout, rows: blocks * rows)
      let right = trial.operand(trial.panels, rows: blocks * layout.width)
      let product = accumulates ? trial.numbers(rows * trial.panels.width) : trial.unset(rows * trial.panels.width)
      trial.maps.multiplyPanel(
        rows: rows, blocks: blocks, left: left.start, blockStride: blockStride, right: right.start,
        next: trial.size % 2 == 0 ? right.start : nil, columns: columns, accumulates: accumulates, into: product.start)
      for row in 0..<rows {
        let factors = (0..<blocks * layout.width).map { k in
          Double(trial.number(left, from: k / layout.width * blockStride, layout, row, k % layout.width))
        }
        expectProducts(trial, product, row: row, columns, factors, accumulates: accumulates) { k, column in
          trial.number(right, trial.panels, k, column)
        }
      }
    }
  }

  private static func multiplyTransposedPanel(_ trial: Trial) {
    let (blocks, count) = (1 + trial.size % 3, trial.size)
    let layout = trial.blocks(sumsRows: true)
    let blockStride = layout.words(count)
    for (accumulates, isPanel) in [(false, false), (false, true), (true, false), (true, true)] {
      let columns = 1 + trial.stream.integer(below: trial.panels.width)
      let lefts = (0..<blocks).map { _ in trial.operand(layout, rows: count) }
      let left = trial.watch(Memory(lefts.flatMap { block in (0..<block.count).map { block[$0] } }))
      // A panel, or blocks as those of the left operand: two, or one where no more is asked for.
      let rights = (0..<(columns > layout.width ? 2 : 1)).map { _ in trial.operand(layout, rows: count) }
      let right =
        isPanel
        ? trial.operand(trial.panels, rows: count)
        : trial.watch(Memory(rights.flatMap { block in (0..<block.count).map { block[$0] } }))
      let rows = blocks * layout.width
      let product = accumulates ? trial.numbers(rows * trial.panels.width) : trial.unset(rows * trial.panels.width)
      trial.maps.multiplyTransposedPanel(
        blocks: blocks, count: count, left: left.start, blockStride: blockStride, right: right.start,
        rightStride: isPanel ? nil : max(1, blockStride), columns: columns, accumulates: accumulates,
        into: product.start)
      for row in 0..<rows {
        let factors = (0..<count).map { k in
          Double(trial.number(left, from: row / layout.width * blockStride, layout, k, row % layout.width))
        }
        expectProducts(trial, product, row: row, columns, factors, accumulates: accumulates) { k, column in
          isPanel
            ? trial.number(right, trial.panels, k, column)
            : trial.number(right, from: column / layout.width * blockStride, layout, k, column % layout.width)
        }
      }
    }
  }

  /// The first columns of a row of a product: factors · right. Those behind may be anything.
  private static func expectProducts(
    _ trial: Trial, _ product: Memory<Float>, row: Int, _ columns: Int, _ factors: [Double], accumulates: Bool,
    right: (_ k: Int, _ column: Int) -> Float
  ) {
    for column in columns..<trial.panels.width { product.markResult(row * trial.panels.width + column) }
    for column in 0..<columns {
      let place = row * trial.panels.width + column
      // The product rounds, where it is not fused with the addition.
      var sum = Sum(roundings: 1)
      if accumulates { sum.add(Double(product.initial(place))) }
      for (k, factor) in factors.enumerated() {
        sum.add(factor * Double(right(k, column)))
      }
      trial.expect(product, place, sum)
    }
  }

  private static func multiplyAddPeak(_ trial: Trial) {
    // With float32 x ← x / 2 + 1, which halves the distance from 2. With bfloat16 x ← x + 2 · 1/2 · 1.
    let (count, result) = trial.maps.multiplyAddPeak(rounds: trial.size, factor: 0.5, term: 1)
    let isPair = trial.precision == .bfloat16
    // A single round counts the numbers, which begin with 0, 1, …
    let products = trial.maps.multiplyAddPeak(rounds: 1, factor: 0.5, term: 1).count
    trial.require(products > 16 && count == trial.size * products, "\(count) products, \(products) in a round")
    // With tiles each number gets 32 products in a round, all but two of them of zeros.
    let numbers = isPair ? products / (trial.kernels.instructionSet == "amx" ? 32 : 2) : products
    var sum = Sum(roundings: trial.size)
    for i in 0..<numbers {
      var x = Double(i)
      for _ in 0..<trial.size { x = isPair ? x + 1 : x / 2 + 1 }
      sum.add(x)
    }
    trial.require(sum.admits(result), "the sum is \(result), not \(sum.text)")
  }
}
