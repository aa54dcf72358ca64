/// The mean as NumPy computes it, so that two programs that agree on all terms agree on the last bit of their mean.
///
/// Up to 128 terms are added into eight sums; longer sequences are halved at a multiple of eight. Besides being NumPy's order,
/// this loses much less to rounding than adding one after the other.
///
/// ### Source
/// `pairwise_sum` in NumPy 2.4 (`loops_utils.h.src`).
///
/// - Returns: nil for no terms.
func pairwiseMean(_ terms: [Double]) -> Double? {
  terms.isEmpty ? nil : pairwiseSum(terms[...]) / Double(terms.count)
}

private func pairwiseSum(_ terms: ArraySlice<Double>) -> Double {
  if terms.count < 8 { return terms.reduce(0, +) }
  if terms.count > 128 {
    let half = terms.startIndex + terms.count / 2 / 8 * 8
    return pairwiseSum(terms[..<half]) + pairwiseSum(terms[half...])
  }
  var sums = SIMD8<Double>(terms.prefix(8))
  let rest = terms.startIndex + terms.count / 8 * 8
  for start in stride(from: terms.startIndex + 8, to: rest, by: 8) { sums += SIMD8(terms[start..<start + 8]) }
  let sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
  return terms[rest...].reduce(sum, +)
}
