import Files

/// The directory of a zip archive whose entries are stored as they are, checked against the file's size.
///
/// ### Source
/// PKWARE's APPNOTE 6.3: end record 4.3.16, zip64 4.3.14 and 4.5.3, central directory 4.3.12, local header 4.3.7.
struct ZipArchive {
  /// A file in the archive.
  struct Entry {
    /// With its folders.
    let name: String
    /// 0 when stored as it is.
    let method: Int
    let byteCount: Int
    let checksum: UInt32
    fileprivate let headerOffset: Int
  }

  /// The largest directory, in bytes; the 100,000 tensors that a file may have take a tenth.
  private static let maximumByteCount = 64 << 20

  /// In the order of the directory; no two have the same name.
  let entries: [Entry]
  private let file: Descriptor
  private let fileByteCount: Int

  /// Reads the directory.
  init(_ file: Descriptor, byteCount: Int) throws(FileError) {
    self.file = file
    fileByteCount = byteCount
    let (place, count) = try Self.directory(file, byteCount)
    let bytes = try file.exactBytes(at: place.lowerBound, count: place.count)
    var entries: [Entry] = []
    var names: Set<String> = []
    var position = 0
    for _ in 0..<count {
      let entry = try Self.entry(in: bytes, at: &position, file)
      guard names.insert(entry.name).inserted else {
        throw FileError(file.path, "the archive has the entry '\(entry.name)' more than once")
      }
      entries.append(entry)
    }
    self.entries = entries
  }

  /// Where the entries of the directory are, and how many.
  private static func directory(_ file: Descriptor, _ fileByteCount: Int) throws(FileError) -> (Range<Int>, Int) {
    let tailStart = max(0, fileByteCount - 65_557)
    let tail = try file.exactBytes(at: tailStart, count: fileByteCount - tailStart)
    func isEndRecord(_ index: Int) -> Bool {
      tail[index...].starts(with: [0x50, 0x4B, 5, 6])
        && index + 22 + tail.number(at: index + 20, bytes: 2) == tail.count
    }
    guard tail.count >= 22, let end = (0...tail.count - 22).last(where: isEndRecord) else {
      throw FileError(file.path, "a zip archive without its end: the file is cut off; copy or download it again")
    }
    var count = tail.number(at: end + 10, bytes: 2)
    var size = tail.number(at: end + 12, bytes: 4)
    var start = tail.number(at: end + 16, bytes: 4)
    var limit = tailStart + end
    if end >= 20, tail[(end - 20)...].starts(with: [0x50, 0x4B, 6, 7]) {
      let place = tail.number(at: end - 20 + 8, bytes: 8)
      guard place >= 0, place <= limit - 76 else { throw FileError(file.path, "the zip64 end record is out of place") }
      let record = try file.exactBytes(at: place, count: 56)
      guard record.starts(with: [0x50, 0x4B, 6, 6]) else {
        throw FileError(file.path, "the zip64 end record is out of place")
      }
      count = record.number(at: 32, bytes: 8)
      size = record.number(at: 40, bytes: 8)
      start = record.number(at: 48, bytes: 8)
      limit = place
    }
    guard size >= 0, size <= maximumByteCount, start >= 0, start <= limit, size <= limit - start, count >= 0,
      count <= size / 46
    else {
      throw FileError(
        file.path, "the archive's directory, \(count) entries in \(size) bytes at \(start), does not fit in the file")
    }
    return (start..<start + size, count)
  }

  private static func entry(
    in bytes: [UInt8], at position: inout Int, _ file: Descriptor
  ) throws(FileError) -> Entry {
    guard position + 46 <= bytes.count, bytes[position...].starts(with: [0x50, 0x4B, 1, 2]) else {
      throw FileError(file.path, "the archive's directory is damaged at its byte \(position)")
    }
    let nameEnd = position + 46 + bytes.number(at: position + 28, bytes: 2)
    let extraEnd = nameEnd + bytes.number(at: position + 30, bytes: 2)
    let end = extraEnd + bytes.number(at: position + 32, bytes: 2)
    guard end <= bytes.count, let name = String(bytes: bytes[(position + 46)..<nameEnd], encoding: .utf8) else {
      throw FileError(file.path, "the archive's directory is damaged at its byte \(position)")
    }
    func fault(_ reason: String) -> FileError { FileError(file.path, "entry '\(name)' \(reason)") }
    // Uncompressed size, compressed size, offset; those that are 2³² − 1 stand in the extra field in this order.
    var numbers = [24, 20, 42].map { bytes.number(at: position + $0, bytes: 4) }
    var field = nameEnd
    while field + 4 <= extraEnd {
      let fieldEnd = field + 4 + bytes.number(at: field + 2, bytes: 2)
      guard fieldEnd <= extraEnd else { break }
      if bytes.number(at: field, bytes: 2) == 1 {
        var place = field + 4
        for index in 0..<3 where numbers[index] == 0xFFFF_FFFF {
          guard place + 8 <= fieldEnd else { throw fault("has a short zip64 field") }
          numbers[index] = bytes.number(at: place, bytes: 8)
          place += 8
        }
        break
      }
      field = fieldEnd
    }
    let method = bytes.number(at: position + 10, bytes: 2)
    guard bytes[position + 8] & 1 == 0 else { throw fault("is encrypted") }
    guard method != 0 || numbers[0] == numbers[1] else { throw fault("is stored, but has two sizes") }
    guard numbers.allSatisfy({ $0 >= 0 }) else { throw fault("has a size or place that cannot be") }
    let checksum = UInt32(truncatingIfNeeded: bytes.number(at: position + 16, bytes: 4))
    position = end
    return Entry(
      name: name, method: method, byteCount: numbers[0], checksum: checksum, headerOffset: numbers[2])
  }

  /// Where the bytes of an entry are in the file.
  ///
  /// - Throws: `FileError` when it is compressed or not in the file in full.
  func place(of entry: Entry) throws(FileError) -> Range<Int> {
    guard entry.method == 0 else {
      throw FileError(
        file.path,
        "entry '\(entry.name)' is compressed (method \(entry.method)), as torch.save does not: somebody has packed the file again; unpack it and pack it by 'zip -0', or take the original"
      )
    }
    guard entry.headerOffset <= fileByteCount - 30 else {
      throw FileError(file.path, "entry '\(entry.name)' is beyond the end of the file")
    }
    let header = try file.exactBytes(at: entry.headerOffset, count: 30)
    guard header.starts(with: [0x50, 0x4B, 3, 4]) else {
      throw FileError(file.path, "entry '\(entry.name)' has no header at byte \(entry.headerOffset)")
    }
    let start = entry.headerOffset + 30 + header.number(at: 26, bytes: 2) + header.number(at: 28, bytes: 2)
    guard start <= fileByteCount, entry.byteCount <= fileByteCount - start else {
      throw FileError(
        file.path, "entry '\(entry.name)' has \(entry.byteCount) bytes at \(start), the file ends at \(fileByteCount)")
    }
    return start..<start + entry.byteCount
  }
}

extension [UInt8] {
  /// An unsigned number, little-endian; one of 8 bytes that is too large is negative.
  func number(at index: Int, bytes count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(self[index + $1]) << (8 * $1) }
  }
}

extension Descriptor {
  /// Bytes that must be there.
  func exactBytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
      try fill(UnsafeMutableRawBufferPointer(buffer), at: offset)
    }
    return bytes
  }
}
