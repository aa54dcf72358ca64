import Foundation

/// A 64-bit hash (FNV-1a over words) that finds accidents, not forgeries.
package struct ContentHash {
  package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  package init() {}

  /// Of the content of a file; equal for copies.
  package init(ofFile bytes: some ContiguousBytes) {
    self.init()
    bytes.withUnsafeBytes { add($0) }
  }

  package mutating func add(_ word: UInt64) {
    value = (value ^ word) &* 0x100_0000_01B3
    value ^= value >> 29
  }

  package mutating func add(_ text: String) {
    for byte in text.utf8 { add(UInt64(byte)) }
    add(UInt64(text.utf8.count) | 1 << 63)
  }

  /// Bytes, eight at a time, and their number.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
      add(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    for byte in bytes.suffix(bytes.count % 8) { add(UInt64(byte)) }
    add(UInt64(bytes.count) | 1 << 63)
  }
}
