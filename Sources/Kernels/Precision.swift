/// The numbers of feature maps and their gradients, and of the operands of products. Weights, sums, statistics and results are float32 in any
/// case.
package enum Precision: String, Sendable, CaseIterable {
  /// 24 bits of significand.
  case float32
  /// 8 bits of significand, rounded to nearest, ties to even.
  case bfloat16

  /// Bytes of a number.
  package var byteCount: Int {
    switch self {
    case .float32: 4
    case .bfloat16: 2
    }
  }
}
