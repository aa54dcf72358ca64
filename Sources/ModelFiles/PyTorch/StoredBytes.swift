import Files

/// Where the bytes of a storage are in a file, and what tells whether they are intact.
struct StoredBytes {
  let range: Range<Int>
  /// CRC-32 of all of them; nil where the format has none.
  let checksum: UInt32?
  /// What errors call them.
  let name: String

  func fault(_ file: Descriptor, _ sum: UInt32) -> FileError {
    FileError(
      file.path,
      "\(name) is damaged: its CRC-32 is \(String(sum, radix: 16)), the archive's directory says \(String(checksum ?? 0, radix: 16)); copy or download the file again"
    )
  }

  /// Reads them and compares the checksum.
  func verify(_ file: Descriptor) throws(FileError) {
    guard let checksum else { return }
    var sum = CRC32()
    var position = range.lowerBound
    while position < range.upperBound {
      let piece = try file.exactBytes(at: position, count: min(1 << 20, range.upperBound - position))
      piece.withUnsafeBytes { sum.update($0) }
      position += piece.count
    }
    guard sum.value == checksum else { throw fault(file, sum.value) }
  }
}
