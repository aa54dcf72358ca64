import Foundation

/// Whole files in memory.
package enum FileContent {
  /// The bytes of a file, the first `limit` of them where it has more. Also of files that state no size, as those under /proc.
  package static func bytes(
    of path: String, upTo limit: Int = .max, calls: any SystemCalls = LinuxCalls()
  ) throws(FileError) -> [UInt8] {
    let file = try Descriptor(path, calls: calls)
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
}
