/// A message in the wire format of protocol buffers, put together field by field.
///
/// ### Source
/// protobuf.dev, *Encoding*.
package struct WireMessage: Sendable, Equatable {
  /// The message.
  package private(set) var bytes: [UInt8] = []

  /// A message without fields.
  package init() {}

  /// A message that `fill` fills.
  package init(_ fill: (inout WireMessage) -> Void) { fill(&self) }

  /// How a value is stored: the lower three bits of what stands before it.
  private enum Kind: UInt64 {
    case number = 0
    case eightBytes = 1
    case bytes = 2
    case fourBytes = 5
  }

  /// Appends an integer of up to 64 bits, or a truth value as 0 or 1.
  package mutating func append(_ field: Int, _ number: Int) {
    append(field, .number)
    append(UInt64(bitPattern: Int64(number)))
  }

  /// Appends a number of 32 bits.
  package mutating func append(_ field: Int, _ number: Float) {
    append(field, .fourBytes)
    append(littleEndian: number.bitPattern)
  }

  /// Appends a number of 64 bits.
  package mutating func append(_ field: Int, _ number: Double) {
    append(field, .eightBytes)
    append(littleEndian: number.bitPattern)
  }

  /// Appends a text.
  package mutating func append(_ field: Int, _ text: String) {
    append(field, Array(text.utf8))
  }

  /// Appends bytes.
  package mutating func append(_ field: Int, _ content: [UInt8]) {
    open(field, byteCount: content.count)
    bytes += content
  }

  /// Appends a message.
  package mutating func append(_ field: Int, _ message: WireMessage) {
    append(field, message.bytes)
  }

  /// Appends integers, one behind the other in one field.
  package mutating func append(_ field: Int, packed numbers: [Int]) {
    var content = WireMessage()
    for number in numbers { content.append(UInt64(bitPattern: Int64(number))) }
    append(field, content)
  }

  /// Appends numbers of 64 bits, one behind the other in one field.
  package mutating func append(_ field: Int, packed numbers: [Double]) {
    var content = WireMessage()
    for number in numbers { content.append(littleEndian: number.bitPattern) }
    append(field, content)
  }

  /// Appends what stands before so many bytes of a field, which are to follow.
  mutating func open(_ field: Int, byteCount: Int) {
    append(field, .bytes)
    append(UInt64(byteCount))
  }

  private mutating func append(_ field: Int, _ kind: Kind) {
    append(UInt64(field) << 3 | kind.rawValue)
  }

  /// Seven bits a byte, the lowest first.
  private mutating func append(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func append(littleEndian number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
  }
}
