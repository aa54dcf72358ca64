import Files

/// Reads messages in the wire format of protocol buffers from a file, field by field, without taking a message into memory.
///
/// ### Source
/// protobuf.dev, *Encoding*.
struct WireReader {
  /// What a field holds.
  enum Content {
    case number(UInt64)
    /// 4 or 8 bytes, or as many as the field says: a text, a message, or packed numbers.
    case bytes(Range<Int>)
  }

  /// A field of a message.
  struct Field {
    let number: Int
    let content: Content
  }

  private let file: Descriptor
  private var piece: [UInt8] = []
  private var pieceStart = 0
  /// Where the next byte is in the file.
  private var position: Int
  private let end: Int

  /// Reads the message in a range of a file.
  init(_ file: Descriptor, _ range: Range<Int>) {
    self.file = file
    (position, end) = (range.lowerBound, range.upperBound)
  }

  private func fault(_ reason: String) -> FileError { FileError(file.path, "byte \(position): \(reason)") }

  /// The next field; nil at the end of the message.
  ///
  /// - Throws: `FileError` for bytes that are no field, and for a field that does not end within the message.
  mutating func next() throws(FileError) -> Field? {
    guard position < end else { return nil }
    let key = try variableNumber()
    guard let number = Int(exactly: key >> 3), (1..<1 << 29).contains(number) else {
      throw fault("no field of a message")
    }
    switch key & 7 {
    case 0: return Field(number: number, content: .number(try variableNumber()))
    case 1: return Field(number: number, content: .bytes(try range(8)))
    case 2:
      let length = try variableNumber()
      guard length <= UInt64(end - position) else {
        throw fault("field \(number) of \(length) bytes goes beyond its message: the file is cut off or damaged")
      }
      return Field(number: number, content: .bytes(try range(Int(length))))
    case 5: return Field(number: number, content: .bytes(try range(4)))
    default: throw fault("field \(number) has an unknown type")
    }
  }

  /// The text of a field; at most 64 KiB of it are read.
  func text(_ range: Range<Int>) throws(FileError) -> String {
    guard range.count <= 1 << 16 else { throw fault("a name of \(range.count) bytes") }
    return String(decoding: try file.exactBytes(at: range.lowerBound, count: range.count), as: UTF8.self)
  }

  /// The numbers of a packed field, at most 64 of them.
  func numbers(_ range: Range<Int>) throws(FileError) -> [UInt64] {
    var reader = WireReader(file, range)
    var numbers: [UInt64] = []
    while reader.position < reader.end {
      guard numbers.count < 64 else { throw fault("more numbers than a shape has") }
      numbers.append(try reader.variableNumber())
    }
    return numbers
  }

  private mutating func range(_ count: Int) throws(FileError) -> Range<Int> {
    guard count <= end - position else {
      throw fault("the last field goes beyond its message: the file is cut off or damaged")
    }
    defer { position += count }
    return position..<position + count
  }

  /// A number of seven bits a byte, the lowest first.
  private mutating func variableNumber() throws(FileError) -> UInt64 {
    var number: UInt64 = 0
    for place in 0..<10 {
      let byte = try byte()
      number |= UInt64(byte & 0x7F) << UInt64(7 * place)
      if byte < 0x80 { return number }
    }
    throw fault("a number of more than 64 bits")
  }

  private mutating func byte() throws(FileError) -> UInt8 {
    guard position < end else { throw fault("a number is cut off") }
    if position < pieceStart || position >= pieceStart + piece.count {
      piece = try file.exactBytes(at: position, count: min(1 << 12, end - position))
      pieceStart = position
    }
    defer { position += 1 }
    return piece[position - pieceStart]
  }
}
