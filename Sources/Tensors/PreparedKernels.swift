/// Kernels as products read them, kept from pass to pass where weights do not change: laying them out takes a sixth of the time of a single
/// image. What does not fit into a limit is laid out in every pass.
package final class PreparedKernels {
  /// Memory of a kernel.
  package struct Entry {
    /// The first float.
    package let start: UnsafeMutablePointer<Float>
    /// Whether an earlier pass has filled it.
    package let isReady: Bool
  }

  private let limit: Int
  private var used = 0
  private var buffers: [UnsafeMutablePointer<Float>: AlignedBuffer] = [:]

  /// Keeps nothing yet.
  ///
  /// - Parameter limit: bytes at most. By default as many as SSD512 on VGG-16 takes, and no more where a network is wider.
  package init(limit: Int = 512 << 20) { self.limit = limit }

  /// The memory of the kernel whose weights are at `weights`; nil when there is no room. Who gets memory that is not ready fills it in the
  /// same pass.
  package func entry(for weights: UnsafeMutablePointer<Float>, count: Int) -> Entry? {
    if let buffer = buffers[weights] {
      precondition(buffer.floats.count == count, "a kernel of \(count) floats in memory of \(buffer.floats.count)")
      return Entry(start: buffer.floats.baseAddress!, isReady: true)
    }
    let bytes = count * MemoryLayout<Float>.stride
    guard used + bytes <= limit else { return nil }
    used += bytes
    let buffer = AlignedBuffer(count: count)
    buffers[weights] = buffer
    return Entry(start: buffer.floats.baseAddress!, isReady: false)
  }
}
