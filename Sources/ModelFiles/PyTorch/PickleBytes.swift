import Files

/// The bytes of a pickle, read from a file piece by piece.
struct PickleBytes {
  /// The longest pickle that is read, in bytes.
  static let maximumByteCount = 64 << 20
  /// The longest text, in bytes.
  private static let maximumTextByteCount = 1 << 20
  /// The longest line with the name of a global.
  private static let maximumLineByteCount = 1 << 10

  private let file: Descriptor
  /// What errors call it: "data.pkl".
  let name: String
  private let start: Int
  private let end: Int
  private var piece: [UInt8] = []
  private var pieceStart: Int
  /// Where the next byte is in the file.
  private(set) var position: Int

  /// The bytes of a range of a file, of which 64 MiB at most are read.
  init(_ file: Descriptor, _ range: Range<Int>, name: String) {
    self.file = file
    self.name = name
    (start, position, pieceStart) = (range.lowerBound, range.lowerBound, range.lowerBound)
    end = min(range.upperBound, range.lowerBound + Self.maximumByteCount)
  }

  /// A fault at a byte, counted from the start of the pickle; at the next one if none is given.
  func fault(_ reason: String, at offset: Int? = nil) -> FileError {
    FileError(file.path, "\(name), byte \(offset ?? position - start): \(reason)")
  }

  /// Bytes that were read.
  var offset: Int { position - start }

  mutating func byte() throws(FileError) -> UInt8 {
    if position >= pieceStart + piece.count {
      guard position < end else { throw fault("ends too early or is too long") }
      piece = try file.exactBytes(at: position, count: min(1 << 16, end - position))
      pieceStart = position
    }
    position += 1
    return piece[position - 1 - pieceStart]
  }

  mutating func bytes(_ count: Int) throws(FileError) -> [UInt8] {
    guard count <= Self.maximumTextByteCount else { throw fault("a text of \(count) bytes") }
    guard count <= end - position else { throw fault("ends too early or is too long") }
    if count <= pieceStart + piece.count - position {
      let first = position - pieceStart
      position += count
      return Array(piece[first..<first + count])
    }
    let bytes = try file.exactBytes(at: position, count: count)
    position += count
    return bytes
  }

  /// An unsigned number, little-endian.
  mutating func number(bytes count: Int) throws(FileError) -> Int {
    let bytes = try bytes(count)
    let number = bytes.number(at: 0, bytes: count)
    guard number >= 0 else { throw fault("a length that cannot be") }
    return number
  }

  /// Text up to a line feed.
  mutating func line() throws(FileError) -> String {
    var line: [UInt8] = []
    while case let byte = try byte(), byte != UInt8(ascii: "\n") {
      guard line.count < Self.maximumLineByteCount else { throw fault("a line of more than 1024 bytes") }
      line.append(byte)
    }
    return try text(line)
  }

  /// Bytes as UTF-8, or as Latin-1, which old Python wrote.
  func text(_ bytes: [UInt8], orLatin: Bool = false) throws(FileError) -> String {
    if let text = String(bytes: bytes, encoding: .utf8) { return text }
    guard orLatin else { throw fault("a text that is not UTF-8") }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}
