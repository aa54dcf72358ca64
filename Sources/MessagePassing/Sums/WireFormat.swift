import Kernels

/// How numbers go over the wire.
package enum WireFormat: String, Sendable, CaseIterable {
  /// As they are.
  case float32
  /// With half the bytes. Terms, and every sum of two, are rounded to what goes over the wire, in a single process too: what a rank sends is
  /// then a node of the tree, exactly, and the bits do not depend on who adds what.
  case bfloat16

  /// Bytes of a number.
  package var byteCount: Int {
    switch self {
    case .float32: 4
    case .bfloat16: 2
    }
  }

  /// y[i] += x[i], as at every node of the tree.
  package func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int, _ kernels: Kernels) {
    switch self {
    case .float32: kernels.add(x, to: y, count: count)
    case .bfloat16: kernels.addBFloat16(x, to: y, count: count)
    }
  }
}
