import Kernels

/// How a convolution, or its gradient with respect to the input, becomes matrix products in a ``BlockedLayout``, and what the products
/// become.
protocol ConvolutionTransform {
  var layout: BlockedLayout { get }

  /// Rows `units` of the left operands from the map that is read. `inputs` is where the first of them goes.
  func transformInput(
    _ map: UnsafePointer<Float>, _ units: Range<Int>, into inputs: UnsafeMutablePointer<Float>, componentStride: Int,
    blockStride: Int, kernels: Kernels)

  /// Rows `rows`, whole blocks, of a panel of the right operands. `panelRows` is where the first of them goes.
  func transformKernel(
    _ kernel: UnsafePointer<Float>, panel: Int, rows: Range<Int>, into panelRows: UnsafeMutablePointer<Float>,
    componentStride: Int, kernels: Kernels)

  /// The channels of a panel in the map that is written, from the products of `units`. All units before have been transformed.
  func transformOutput(
    _ products: UnsafePointer<Float>, _ units: Range<Int>, panel: Int, componentStride: Int, _ finish: OutputFinish,
    into map: UnsafeMutablePointer<Float>, kernels: Kernels)
}

/// What becomes of a sum before it is written.
struct OutputFinish {
  /// Added to every channel; none for gradients.
  var bias: UnsafePointer<Float>?
  /// What it is kept in.
  var activation = Activation.identity
  /// Whether the map is added to rather than set.
  var accumulates = false
}

/// A transform of a convolution whose transpose gives the gradients of the kernel and the bias.
protocol DifferentiableTransform: ConvolutionTransform {
  /// Masks the gradient of the written map where the activation is flat, told by `mask`, the written map, adds it to `biasSums`, and transposes ``ConvolutionTransform/transformOutput(_:_:panel:componentStride:_:into:kernels:)``.
  func transformOutputGradient(
    _ gradient: UnsafeMutablePointer<Float>, mask: UnsafePointer<Float>?, _ activation: Activation, _ units: Range<Int>,
    into gradients: UnsafeMutablePointer<Float>, componentStride: Int, panelStride: Int,
    biasSums: UnsafeMutablePointer<Float>, kernels: Kernels)

  /// Transposes ``ConvolutionTransform/transformKernel(_:panel:rows:into:componentStride:kernels:)``.
  func transformKernelGradient(
    _ panelRows: UnsafePointer<Float>, panel: Int, rows: Range<Int>, componentStride: Int,
    into kernel: UnsafeMutablePointer<Float>, kernels: Kernels)
}
