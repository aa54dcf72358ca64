import Kernels

/// Sums and updates of vectors.
extension KernelCase {
  static let vectors = [
    KernelCase("add", add), KernelCase("sgd_update", descend), KernelCase("sum_of_squares", sumOfSquares),
    KernelCase("move_average", moveAverage),
  ]

  private static func add(_ trial: Trial) {
    let (x, y) = (trial.numbers(trial.size), trial.numbers(trial.size))
    trial.kernels.add(x.start, to: y.start, count: trial.size)
    for i in 0..<trial.size { trial.expect(y, i, is: y.initial(i) + x[i]) }
  }

  private static func descend(_ trial: Trial) {
    let (rate, factor, decay, scale): (Float, Float, Float, Float) = (0.3, 0.9, 0.05, 0.7)
    for bad in [nil, Float.infinity, -.infinity, .nan] where bad == nil || trial.size > 0 {
      let (g, m, w) = (trial.numbers(trial.size), trial.numbers(trial.size), trial.numbers(trial.size))
      if let bad { g[trial.stream.integer(below: trial.size)] = bad }
      let isFinite = trial.kernels.descend(
        count: trial.size, rate: rate, factor: factor, decay: decay, scale: scale, gradient: g.start,
        momentum: m.start, weight: w.start)
      trial.require(isFinite == (bad == nil), "finite: \(isFinite) with \(bad ?? 0)")
      for i in 0..<trial.size {
        // A product and two additions.
        var momentum = Sum(roundings: 3)
        momentum.addUnrounded(Double(factor) * Double(m.initial(i)))
        momentum.addUnrounded(Double(scale) * Double(g[i]))
        momentum.addUnrounded(Double(decay) * Double(w.initial(i)))
        trial.expect(m, i, momentum)
        var weight = Sum(roundings: 2)
        weight.addUnrounded(Double(w.initial(i)))
        weight.addUnrounded(-Double(rate) * Double(m[i]))
        trial.expect(w, i, weight)
      }
    }
  }

  private static func sumOfSquares(_ trial: Trial) {
    let x = trial.numbers(trial.size)
    // Of many orders of magnitude, so that sums round.
    for i in 0..<trial.size {
      x[i] *= Float(sign: .plus, exponent: trial.stream.integer(below: 40) - 20, significand: 1)
    }
    let result = trial.kernels.sumOfSquares(x.start, count: trial.size)
    // Squares are exact in double precision, so the order of the sum decides on the bits: eight sums in turn, then in pairs.
    var sums = [Double](repeating: 0, count: 8)
    for i in 0..<trial.size { sums[i % 8] += Double(x[i]) * Double(x[i]) }
    while sums.count > 1 { sums = stride(from: 0, to: sums.count, by: 2).map { sums[$0] + sums[$0 + 1] } }
    trial.require(result == sums[0], "\(result) is not \(sums[0])")
  }

  private static func moveAverage(_ trial: Trial) {
    let share: Float = 0.3
    let (x, average) = (trial.numbers(trial.size), trial.numbers(trial.size))
    trial.kernels.moveAverage(average.start, towards: x.start, share: share, count: trial.size)
    for i in 0..<trial.size {
      // A difference, a product, an addition.
      var expected = Sum(roundings: 3)
      expected.addUnrounded(Double(average.initial(i)))
      expected.addUnrounded(Double(share) * Double(x[i]))
      expected.addUnrounded(-Double(share) * Double(average.initial(i)))
      trial.expect(average, i, expected)
    }
  }
}
