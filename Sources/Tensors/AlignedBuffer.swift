import Glibc

/// Zero-filled floats on a page boundary, backed by huge pages where the kernel grants them.
///
/// Pages are touched on first use, so memory that is never written costs nothing.
package final class AlignedBuffer {
  /// The floats; valid as long as the buffer lives.
  package let floats: UnsafeMutableBufferPointer<Float>
  private let byteCount: Int

  /// Maps `count` floats.
  ///
  /// Stops the process when the address space is exhausted: no caller could go on.
  package init(count: Int) {
    byteCount = max(count, 1) * MemoryLayout<Float>.stride
    guard
      let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      address != MAP_FAILED
    else {
      fatalError("cannot map \(byteCount) bytes: \(String(cString: strerror(errno)))")
    }
    madvise(address, byteCount, MADV_HUGEPAGE)
    floats = UnsafeMutableBufferPointer(start: address.assumingMemoryBound(to: Float.self), count: count)
  }

  deinit {
    munmap(floats.baseAddress, byteCount)
  }
}
