/// What convolutions multiply. Weights, feature maps, gradients and sums are float32 in any case.
package enum Precision: String, Sendable, CaseIterable {
  /// 24 bits of significand.
  case float32
  /// 8 bits of significand, rounded to nearest, ties to even, where that is faster.
  case bfloat16
}
