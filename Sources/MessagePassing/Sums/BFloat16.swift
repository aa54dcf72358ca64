/// Float32 cut to its upper sixteen bits, as it goes over the wire.
package enum BFloat16 {
  /// Rounds to the nearest, ties to even; what is not a number stays so.
  @inline(__always)
  package static func bits(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let rounded = UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    return bits & 0x7FFF_FFFF > 0x7F80_0000 ? UInt16(truncatingIfNeeded: bits >> 16) | 0x40 : rounded
  }

  /// The value of sixteen bits, exactly.
  @inline(__always)
  package static func value(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}
