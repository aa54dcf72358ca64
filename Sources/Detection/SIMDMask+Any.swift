extension SIMDMask where Storage == SIMD8<Int32> {
  /// Whether a lane is true. The standard library's `any` calls a function that takes one lane after the other.
  @inline(__always) var hasAny: Bool {
    let words = unsafeBitCast(self, to: SIMD4<UInt64>.self)
    let halves = words.lowHalf | words.highHalf
    return halves.x | halves.y != 0
  }
}
