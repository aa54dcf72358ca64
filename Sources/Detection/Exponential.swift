/// e to the power of `x` for x ≤ 0, with a relative error below 2⁻²²; 1 at 0, about 10⁻³⁸ below −87, NaN for NaN.
///
/// Branch-free, so a loop over it becomes vector instructions, and with the same bits on every machine, which the system
/// library does not promise.
///
/// ### Source
/// The range reduction and polynomial of Cephes' `expf` (Moshier).
@inline(__always) func exponential(ofNonpositive x: Float) -> Float {
  let x = x < -87 ? -87 : x
  // Adding 1.5 · 2²³ rounds to an integer, which is left in the low bits of the sum.
  let shifted = x * 1.442_695_04 + 0x1.8p23
  let exponent = shifted - 0x1.8p23
  // log 2 in two parts: the first has few enough bits for an exact product.
  let r = x - exponent * 0.693_359_375 + exponent * 2.121_944_4e-4
  var p: Float = 1.987_569_15e-4
  p = p * r + 1.398_199_95e-3
  p = p * r + 8.333_451_9e-3
  p = p * r + 4.166_579_6e-2
  p = p * r + 1.666_666_55e-1
  p = p * r + 5.000_000_1e-1
  let mantissa = p * (r * r) + r + 1
  return mantissa * Float(bitPattern: (shifted.bitPattern << 23) &+ 0x3F80_0000)
}

/// Writes exp(xᵢ − max x) of a row of logits and returns the maximum and the sum of what was written.
///
/// Softmax is `exponentials[i] / sum`, log-sum-exp is `maximum + log(sum)`. Subtracting the row's own maximum keeps both
/// finite for all finite logits. A NaN or +∞ among the logits makes the sum NaN.
@inline(__always) func writeExponentials(
  of logits: UnsafePointer<Float>, count: Int, into exponentials: UnsafeMutablePointer<Float>
) -> (maximum: Float, sum: Float) {
  var maximum = logits[0]
  for index in 1..<count {
    maximum = logits[index] > maximum ? logits[index] : maximum
  }
  for index in 0..<count {
    exponentials[index] = exponential(ofNonpositive: logits[index] - maximum)
  }
  var sum: Float = 0
  for index in 0..<count {
    sum += exponentials[index]
  }
  return (maximum, sum)
}
