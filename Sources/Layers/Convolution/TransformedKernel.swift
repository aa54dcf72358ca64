import Tensors

/// A kernel as the right operands of the products of a convolution, [panel][component][row][32]: the same however threads share the
/// products, so that kept kernels serve batches of any size.
struct TransformedKernel {
  private let transform: any ConvolutionTransform
  private let layout: BlockedLayout

  private static let rowsPerTask = 64

  init(_ transform: any ConvolutionTransform) {
    self.transform = transform
    layout = transform.layout
  }

  /// Words from one panel to the next.
  var panelCount: Int { layout.components * layout.kernelPanelStride }
  /// Words of all panels.
  var count: Int { layout.panels * panelCount }

  /// What is kept of the kernel; nil where nothing is kept, or there is no room.
  func kept(_ kernel: UnsafeMutablePointer<Float>, _ context: ExecutionContext) -> UnsafeMutablePointer<Float>? {
    guard let entry = context.preparedKernels?.entry(for: kernel, count: count) else { return nil }
    if !entry.isReady { transformAll(kernel, into: entry.start, context) }
    return entry.start
  }

  /// The whole kernel: what is kept of it, or transformed to `memory`.
  func all(
    _ kernel: UnsafeMutablePointer<Float>, memory: UnsafeMutablePointer<Float>, _ context: ExecutionContext
  ) -> UnsafeMutablePointer<Float> {
    if let kept = kept(kernel, context) { return kept }
    transformAll(kernel, into: memory, context)
    return memory
  }

  private func transformAll(
    _ kernel: UnsafeMutablePointer<Float>, into memory: UnsafeMutablePointer<Float>, _ context: ExecutionContext
  ) {
    let rowTasks = (layout.kernelRows + Self.rowsPerTask - 1) / Self.rowsPerTask
    context.pool.forEach(layout.panels * rowTasks) { task, _ in
      let (panel, first) = (task / rowTasks, task % rowTasks * Self.rowsPerTask)
      transformRows(
        first..<min(first + Self.rowsPerTask, layout.kernelRows), panel: panel, kernel,
        into: memory + panel * panelCount + layout.kernelCount(rows: first), context)
    }
  }

  /// Transforms one panel to `memory`.
  func panel(
    _ panel: Int, _ kernel: UnsafeMutablePointer<Float>, into memory: UnsafeMutablePointer<Float>,
    _ context: ExecutionContext
  ) {
    transformRows(0..<layout.kernelRows, panel: panel, kernel, into: memory, context)
  }

  private func transformRows(
    _ rows: Range<Int>, panel: Int, _ kernel: UnsafeMutablePointer<Float>, into memory: UnsafeMutablePointer<Float>,
    _ context: ExecutionContext
  ) {
    transform.transformKernel(
      kernel, panel: panel, rows: rows, into: memory, componentStride: layout.kernelPanelStride,
      kernels: context.kernels)
  }
}
