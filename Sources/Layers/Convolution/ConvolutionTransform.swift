import Kernels
import Tensors

/// How a convolution, or its gradient with respect to the input, becomes matrix products in a ``BlockedLayout``, and what the products
/// become.
protocol ConvolutionTransform {
  var layout: BlockedLayout { get }

  /// The units whose product of a component counts. Those of others are undefined.
  func units(component: Int) -> Range<Int>

  /// Rows `units` of the left operands from the map that is read. `inputs` is where the first of them goes.
  func transformInput(
    _ map: FeatureMap, _ units: Range<Int>, into inputs: UnsafeMutablePointer<Float>, componentStride: Int,
    blockStride: Int, kernels: Kernels)

  /// Rows `rows`, whole blocks, of a panel of the right operands. `panelRows` is where the first of them goes.
  func transformKernel(
    _ kernel: UnsafePointer<Float>, panel: Int, rows: Range<Int>, into panelRows: UnsafeMutablePointer<Float>,
    componentStride: Int, kernels: Kernels)

  /// What the products are.
  var results: ProductResults { get }
}

extension ConvolutionTransform {
  func units(component: Int) -> Range<Int> { 0..<layout.units }

  /// Multiply–adds of all products.
  var multiplyAdds: Int {
    (0..<layout.components).reduce(0) { $0 + units(component: $1).count }
      * layout.kernelRows * layout.panels * BlockedLayout.panelWidth
  }
}

/// The units whose product of a component counts, for all components: asked for every product, which may be a short one.
struct ComponentUnits {
  private let units: [Range<Int>]

  init(_ transform: any ConvolutionTransform) {
    units = (0..<transform.layout.components).map { transform.units(component: $0) }
  }

  /// Those of a block, counted from its first.
  func rows(component: Int, of block: Range<Int>) -> Range<Int> {
    let units = units[component].clamped(to: block)
    return units.lowerBound - block.lowerBound..<units.upperBound - block.lowerBound
  }
}

/// What the products of a convolution are.
enum ProductResults {
  /// Pixels of the map that is written, of so many channels: a unit is a pixel.
  case pixels(channels: Int)
  /// Something that becomes the map by a transform.
  case transformed(any OutputTransform)
}

/// What becomes of products that are not yet pixels.
protocol OutputTransform {
  /// The channels of a panel in the map that is written, from the products of `units`. All units before have been transformed.
  func transformOutput(
    _ products: UnsafePointer<Float>, _ units: Range<Int>, panel: Int, componentStride: Int, _ finish: OutputFinish,
    into map: Tensor, kernels: Kernels)
}

/// What becomes of a sum before it is written.
struct OutputFinish {
  /// A bias and an activation, say; nothing for gradients.
  var normalization = Normalization()
  /// How the map is written.
  let writing: MapWriting
  /// What is written in place of the map: the maxima of its windows; nil for the map itself.
  var pooling: PoolingGeometry?
  /// Where the places of these maxima go, if they are wanted.
  var argmax: UnsafeMutablePointer<UInt8>?
}

/// How the gradient of the sums of a convolution follows from that of its output.
enum OutputSlope {
  /// It is that, where the output is not at a bound of the activation. The output is nil where there is no activation.
  case activation(Activation, output: Tensor?)
  /// Through a normalisation, which has read z.
  case normalization(NormalizationGradient, z: Tensor)
  /// It is that of the maxima of windows, and zero elsewhere.
  case maxima(Maxima)
}

/// A transform of a convolution whose transpose gives the gradients of the kernel and the bias.
protocol DifferentiableTransform: ConvolutionTransform {
  /// Replaces the gradient of the written map by that of the sums, adds it to `biasSums`, and transposes
  /// ``OutputTransform/transformOutput(_:_:panel:componentStride:_:into:kernels:)``.
  func transformOutputGradient(
    _ gradient: Tensor, _ slope: OutputSlope, _ units: Range<Int>,
    into gradients: UnsafeMutablePointer<Float>, componentStride: Int, panelStride: Int,
    biasSums: UnsafeMutablePointer<Float>, kernels: Kernels)

  /// Transposes ``ConvolutionTransform/transformKernel(_:panel:rows:into:componentStride:kernels:)``.
  func transformKernelGradient(
    _ panelRows: UnsafePointer<Float>, panel: Int, rows: Range<Int>, componentStride: Int,
    into kernel: UnsafeMutablePointer<Float>, kernels: Kernels)
}
