/// A PNG file of 16 bits a sample, written without compression.
///
/// - Parameters:
///   - channels: 1 for grey, 3 for RGB, and one more for alpha.
///   - statedBits: the content of an sBIT chunk; nothing for none.
///   - more: chunks before the samples, as type and content.
///   - samples: [height, width, channels].
package func deepPNG(
  width: Int, height: Int, channels: Int = 1, statedBits: UInt8? = nil, more: [(String, [UInt8])] = [],
  samples: [UInt16]
) -> [UInt8] {
  precondition(samples.count == width * height * channels, "\(samples.count) samples")
  func big(_ value: Int, _ count: Int = 4) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
  }
  func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + content
    return big(content.count) + body + big(checksum(body))
  }
  var rows: [UInt8] = []
  for row in 0..<height {
    rows.append(0)  // no filter
    for sample in samples[(row * width * channels)..<((row + 1) * width * channels)] { rows += big(Int(sample), 2) }
  }
  // RFC 1950 and 1951: blocks that are stored as they are.
  var stream: [UInt8] = [0x78, 0x01]
  let largest = 65_535
  for start in stride(from: 0, to: rows.count, by: largest) {
    let block = rows[start..<min(start + largest, rows.count)]
    stream.append(block.endIndex == rows.endIndex ? 1 : 0)
    stream += big(block.count, 2).reversed() + big(~block.count & 0xFFFF, 2).reversed() + block
  }
  var (one, two) = (1, 0)
  for byte in rows {
    one = (one + Int(byte)) % 65_521
    two = (two + one) % 65_521
  }
  stream += big(two << 16 | one)
  let header = big(width) + big(height) + [16, [0, 4, 2, 6][channels - 1], 0, 0, 0]
  let bits = statedBits.map { chunk("sBIT", Array(repeating: $0, count: channels)) } ?? []
  return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + bits
    + more.flatMap { chunk($0.0, $0.1) } + chunk("IDAT", stream) + chunk("IEND", [])
}

/// CRC-32 as PNG has it.
private func checksum(_ bytes: [UInt8]) -> Int {
  var value: UInt32 = .max
  for byte in bytes {
    value ^= UInt32(byte)
    for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }
  return Int(~value)
}
