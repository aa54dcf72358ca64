/// A checksum of 32 bits: bits are reflected, all are inverted at the beginning and at the end.
package struct CRC32 {
  /// What the message, taken as a polynomial, is divided by.
  package struct Divisor: Sendable {
    /// That of zip archives, 0x04C11DB7.
    package static let zip = Divisor(reflected: 0xEDB8_8320)
    /// Castagnoli's, 0x1EDC6F41: CRC-32C.
    package static let castagnoli = Divisor(reflected: 0x82F6_3B78)

    /// Row k: what a byte does to the checksum k bytes after it.
    fileprivate let tables: [UInt32]

    private init(reflected divisor: UInt32) {
      var tables = [UInt32](repeating: 0, count: 8 * 256)
      for byte in 0..<256 {
        tables[byte] = (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ divisor : sum >> 1 }
      }
      for index in 256..<8 * 256 {
        let before = tables[index - 256]
        tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
      }
      self.tables = tables
    }
  }

  private let divisor: Divisor
  private var state = UInt32.max

  package init(_ divisor: Divisor = .zip) { self.divisor = divisor }

  /// The checksum of all bytes so far.
  package var value: UInt32 { ~state }

  /// Takes more bytes, eight at a time.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var sum = state
    divisor.tables.withUnsafeBufferPointer { tables in
      var index = 0
      while index + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ UInt64(sum)
        var next: UInt32 = 0
        for place in 0..<8 { next ^= tables[(7 - place) << 8 | Int(word >> UInt64(8 * place) & 0xFF)] }
        sum = next
        index += 8
      }
      while index < bytes.count {
        sum = sum >> 8 ^ tables[Int((sum ^ UInt32(bytes[index])) & 0xFF)]
        index += 1
      }
    }
    state = sum
  }

  /// The checksum of bytes.
  package static func checksum(_ bytes: [UInt8], _ divisor: Divisor = .zip) -> UInt32 {
    var sum = CRC32(divisor)
    bytes.withUnsafeBytes { sum.update($0) }
    return sum.value
  }
}
