import CKernels

/// Numbers that are rounded to bfloat16: float32 cut to its upper 16 bits, to the nearest, ties to even. What is no number stays none.
extension Kernels {
  /// bits[i] = x[i], rounded.
  package func encodeBFloat16(_ x: UnsafePointer<Float>, to bits: UnsafeMutablePointer<UInt16>, count: Int) {
    precondition(count >= 0, "\(count) numbers")
    table.pointee.encode_bfloat16(count, x, bits)
  }

  /// x[i] = the number that bits[i] is.
  package func decodeBFloat16(_ bits: UnsafePointer<UInt16>, to x: UnsafeMutablePointer<Float>, count: Int) {
    precondition(count >= 0, "\(count) numbers")
    table.pointee.decode_bfloat16(count, bits, x)
  }

  /// y[i] += x[i], both numbers and their sum rounded.
  package func addBFloat16(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
    precondition(count >= 0, "\(count) numbers")
    table.pointee.add_bfloat16(count, x, y)
  }
}
