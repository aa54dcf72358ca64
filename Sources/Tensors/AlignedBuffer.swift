import Glibc

/// Zero-filled memory on a page boundary, backed by huge pages where the kernel grants them.
///
/// Pages are touched on first use, so memory that is never written costs nothing.
package final class AlignedBuffer {
  /// The bytes; valid as long as the buffer lives.
  package let bytes: UnsafeMutableRawBufferPointer

  /// Maps `byteCount` bytes.
  ///
  /// Stops the process when the address space is exhausted: no caller could go on.
  package init(byteCount: Int) {
    let mapped = max(byteCount, 1)
    guard
      let address = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      address != MAP_FAILED
    else {
      fatalError("cannot map \(mapped) bytes: \(String(cString: strerror(errno)))")
    }
    madvise(address, mapped, MADV_HUGEPAGE)
    bytes = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
  }

  /// Maps `count` floats.
  package convenience init(count: Int) { self.init(byteCount: count * MemoryLayout<Float>.stride) }

  /// The memory as floats.
  package var floats: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(
      start: start.assumingMemoryBound(to: Float.self), count: bytes.count / MemoryLayout<Float>.stride)
  }

  /// The first byte.
  package var start: UnsafeMutableRawPointer { bytes.baseAddress! }

  deinit {
    munmap(start, max(bytes.count, 1))
  }
}
