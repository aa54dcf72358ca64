import Foundation

/// Whole files.
package enum FileContent {
  /// The bytes of a file, the first `limit` of them where it has more. Also of files that state no size, as those under /proc.
  package static func bytes(
    of path: String, upTo limit: Int = .max, calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) -> [UInt8] {
    try bytes(of: Descriptor(path, calls: calls), upTo: limit)
  }

  private static func bytes(of file: Descriptor, upTo limit: Int = .max) throws(FileError) -> [UInt8] {
    // With room for one byte more than there should be, the end shows at once.
    let expected = Int(try file.status().st_size)
    var bytes = [UInt8](repeating: 0, count: min(limit, max(expected + 1, 1 << 12)))
    var count = 0
    while true {
      let start = count
      count += try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
        try file.read(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[start...])))
      }
      if count < bytes.count || count == limit { break }
      bytes += repeatElement(0, count: min(limit - count, max(count, 1 << 16)))
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// The bytes of a file, which take no memory of the process's own as long as they can stay in the file; what states no
  /// size, as a pipe does, is read.
  package static func mapped(_ path: String) throws(FileError) -> Data {
    let file = try Descriptor(path)
    if let data = try file.mapped() { return data }
    return Data(try bytes(of: file))
  }
}
