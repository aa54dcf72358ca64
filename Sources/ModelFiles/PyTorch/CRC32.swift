/// The checksum of zip archives: CRC-32 with the polynomial 0x04C11DB7, bits reflected.
package struct CRC32 {
  /// Row k: what a byte does to the checksum k bytes after it.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      tables[byte] = (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    for index in 256..<8 * 256 {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()

  private var state = UInt32.max

  package init() {}

  /// The checksum of all bytes so far.
  package var value: UInt32 { ~state }

  /// Takes more bytes, eight at a time.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var sum = state
    Self.tables.withUnsafeBufferPointer { tables in
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
  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = CRC32()
    bytes.withUnsafeBytes { sum.update($0) }
    return sum.value
  }
}
