import Foundation

/// An open file, closed with the object. What is read or written is complete, or an error says why not: calls that a signal interrupts
/// are repeated, and those that do less than they were asked for are continued.
package final class Descriptor {
  /// The name in errors.
  package let path: String
  private let calls: any SystemCalls
  private var number: Int32

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - flags: of open(2).
  ///   - name: what errors name instead of the file that is opened.
  ///   - operation: completes "cannot …" when that fails.
  package init(
    _ path: String, _ flags: Int32 = O_RDONLY, named name: String? = nil, cannot operation: String = "open",
    calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) {
    self.path = name ?? path
    self.calls = calls
    number = try FileError.naming(name ?? path, cannot: operation) { () throws(SystemError) in
      try calls.open(path, flags | O_CLOEXEC)
    }
  }

  deinit {
    if number >= 0 { try? calls.close(number) }
  }

  /// Closes the file, which some file systems write only then.
  package func close() throws(FileError) {
    let open = number
    number = -1
    do throws(SystemError) {
      try calls.close(open)
    } catch {
      // Linux has closed the descriptor even when it reports an interruption.
      if error.number != EINTR { throw FileError(path, cannot: "close", errorNumber: error.number) }
    }
  }

  /// What the system knows of the file.
  package func status() throws(FileError) -> stat {
    try FileError.naming(path, cannot: "inspect") { () throws(SystemError) in try calls.status(of: number) }
  }

  /// Writes bytes, in one call unless it takes fewer; at an offset in bytes, or behind what was written last.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int? = nil) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let place = offset.map { $0 + done }
      let operation = "write \(rest.count) bytes"
      let count = try FileError.naming(path, cannot: operation) { () throws(SystemError) in
        try calls.write(number, rest, at: place)
      }
      // It would never end.
      if count == 0 { throw FileError(path, cannot: operation, errorNumber: EIO) }
      done += count
    }
  }

  /// Writes bytes; see ``write(_:at:)``.
  package func write(_ bytes: [UInt8], at offset: Int? = nil) throws(FileError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
      try write(UnsafeRawBufferPointer(buffer), at: offset)
    }
  }

  /// Makes what was written durable.
  package func flush() throws(FileError) {
    try FileError.naming(path, cannot: "flush to the disk") { () throws(SystemError) in try calls.flush(number) }
  }

  /// Reads until the buffer is full or the file ends; at an offset in bytes, or behind what was read last.
  ///
  /// - Returns: how many bytes were read.
  package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int? = nil) throws(FileError) -> Int {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
      let place = offset.map { $0 + done }
      let count = try FileError.naming(path, cannot: "read") { () throws(SystemError) in
        try calls.read(number, into: rest, at: place)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Fills a buffer from an offset in bytes.
  ///
  /// - Throws: ``FileError`` also when the file ends too early.
  package func fill(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    let count = try read(into: bytes, at: offset)
    guard count == bytes.count else {
      throw FileError(path, "ends at byte \(offset + count), \(bytes.count - count) bytes early")
    }
  }

  /// The bytes at an offset, as many as there are up to `count`.
  package func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let found = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
    }
    bytes.removeLast(count - found)
    return bytes
  }

  /// The bytes of a regular file, mapped; nil for an empty one, for others, and where the system has no mapping for it.
  package func mapped() throws(FileError) -> Data? {
    let status = try status()
    let count = Int(status.st_size)
    guard status.st_mode & S_IFMT == S_IFREG, count > 0,
      let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, number, 0), start != MAP_FAILED
    else { return nil }
    return Data(bytesNoCopy: start, count: count, deallocator: .unmap)
  }

  /// Reads the rest of the file piece by piece.
  package func forEachPiece(_ body: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) {
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    try piece.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
      let piece = UnsafeMutableRawBufferPointer(buffer)
      while case let count = try read(into: piece), count > 0 {
        try body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      }
    }
  }
}
