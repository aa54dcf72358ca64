/// What lies around a map: zeros.
package enum Padding: Sendable, Equatable, ExpressibleByIntegerLiteral {
  /// As many rows and columns on every side.
  case symmetric(Int)
  /// TensorFlow's "SAME": as many that there are ⌈size / stride⌉ windows; of an odd number the last row and column are below and to
  /// the right.
  case same

  /// As many on every side.
  package init(integerLiteral count: Int) { self = .symmetric(count) }

  /// Zeros before and after `size` pixels for windows of `extent` pixels, `stride` apart.
  package func around(_ size: Int, extent: Int, stride: Int) -> (before: Int, after: Int) {
    switch self {
    case .symmetric(let count): return (count, count)
    case .same:
      let all = max(0, ((size + stride - 1) / stride - 1) * stride + extent - size)
      return (all / 2, all - all / 2)
    }
  }

  /// How many windows of `extent` pixels, `stride` apart, a map of `size` pixels has; 0 where it is smaller than one.
  func windows(_ size: Int, extent: Int, stride: Int) -> Int {
    let (before, after) = around(size, extent: extent, stride: stride)
    let room = size + before + after - extent
    return room < 0 ? 0 : room / stride + 1
  }
}
