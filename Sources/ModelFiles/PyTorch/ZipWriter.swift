import Files

/// Writes a zip archive of stored entries whose bytes begin at multiples of 64, as those of torch.save do.
///
/// ### Source
/// As for ``ZipArchive``; the extra field "FB" of the local header, which pads it, is PyTorch's.
struct ZipWriter {
  private static let alignment = 64
  private static let maximumByteCount = Int(UInt32.max)
  private static let maximumEntryCount = Int(UInt16.max) - 1

  private let file: AtomicFile
  private var offset = 0
  private var directory: [UInt8] = []
  private var entryCount = 0

  init(_ file: AtomicFile) { self.file = file }

  /// Throws when a file of so many entries and bytes cannot be written without the extensions for more than 4 GiB.
  static func requireRoom(_ path: String, entries: Int, bytes: Int) throws(FileError) {
    guard entries <= maximumEntryCount, bytes <= maximumByteCount - entries * 1024 else {
      throw FileError(
        path,
        "\(bytes) bytes in \(entries) entries are more than the 4 GiB that this form has room for; write .safetensors")
    }
  }

  /// Appends an entry.
  mutating func append(_ name: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var sum = CRC32()
    sum.update(bytes)
    let name = Array(name.utf8)
    let headerEnd = offset + 30 + name.count + 4
    let padding = (Self.alignment - headerEnd % Self.alignment) % Self.alignment
    // Version 2.0, names in UTF-8, stored, 1 January 1980.
    let common =
      Self.bytes(20, 2) + Self.bytes(0x0800, 2) + Self.bytes(0, 2) + Self.bytes(0, 2) + Self.bytes(0x21, 2)
      + Self.bytes(Int(sum.value), 4) + Self.bytes(bytes.count, 4) + Self.bytes(bytes.count, 4)
      + Self.bytes(name.count, 2)
    try file.write(
      [0x50, 0x4B, 3, 4] + common + Self.bytes(4 + padding, 2) + name + Array("FB".utf8) + Self.bytes(padding, 2)
        + Array(repeating: UInt8(ascii: "Z"), count: padding))
    try file.write(bytes)
    directory +=
      [0x50, 0x4B, 1, 2] + Self.bytes(20, 2) + common + Self.bytes(0, 2) + Self.bytes(0, 2) + Self.bytes(0, 2)
      + Self.bytes(0, 2) + Self.bytes(0, 4) + Self.bytes(offset, 4) + name
    offset = headerEnd + padding + bytes.count
    entryCount += 1
  }

  /// Appends an entry.
  mutating func append(_ name: String, _ bytes: [UInt8]) throws(FileError) {
    let end = try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
      var writer = self
      try writer.append(name, UnsafeRawBufferPointer(buffer))
      return writer
    }
    self = end
  }

  /// Writes the directory.
  func finish() throws(FileError) {
    try file.write(directory)
    try file.write(
      [0x50, 0x4B, 5, 6] + Self.bytes(0, 4) + Self.bytes(entryCount, 2) + Self.bytes(entryCount, 2)
        + Self.bytes(directory.count, 4) + Self.bytes(offset, 4) + Self.bytes(0, 2))
  }

  private static func bytes(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}
